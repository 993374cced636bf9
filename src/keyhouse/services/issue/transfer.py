"""A key that goes over to another application."""

from keyhouse.core.entities import Application, Key, SecretRow
from keyhouse.core.validation import Problem
from keyhouse.services.issue.commands import living_key, told_key
from keyhouse.services.issue.queries import WRITE
from keyhouse.services.issue.views import KeyView
from keyhouse.services.privilege import demand_no_more
from keyhouse.services.refusals import Invalid, NotFound, Taken
from keyhouse.services.work import Work


def transfer_key(work: Work, id: str, application: str) -> KeyView:
    """Give a key to another application of its organization, and to that one's project.

    Its secrets, access, restrictions and own limits stay, and so does what was
    counted. From now on it counts with the limits and the customer of the new
    application; what was counted before stays where it is. Raises Invalid for
    an application that the actor does not reach, in the same words as for
    none, Taken where the project must stay, and Forbidden for a management key
    that may do more than the actor: its own application may be disabled.
    """
    key = living_key(work, id)
    demand_no_more(work, key)
    wanted = _wanted(work, application)
    if wanted.project_id != key.project_id:
        _demand_free(work, key)
    places = {"application_id": wanted.id, "project_id": wanted.project_id}
    return told_key(work, work.change("key.transfer", key, **places))


def _wanted(work: Work, id: str) -> Application:
    reach = work.actor.reach(WRITE)
    try:
        found = work.own(Application, id)
    except NotFound:
        found = None
    if found is None or not reach.holds_project(found.project_id):
        mend = "GET /v1/applications lists yours"
        raise Invalid([Problem("application", "is not known", mend)])
    return found


def _demand_free(work: Work, key: Key) -> None:
    """An imported secret is known in one project alone."""
    if any(row.namespace for row in work.tx.find(SecretRow, key_id=key.id)):
        reason = "is in another project, and the key has an imported secret"
        mend = "choose an application of the key's project"
        raise Taken("application", reason, mend)
