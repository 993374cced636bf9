"""Whether an actor may read what a file is about."""

from collections.abc import Iterable
from typing import Final

from keyhouse.core.validation import Problem
from keyhouse.services.actor import Actor
from keyhouse.services.declare.kinds import Kind
from keyhouse.services.refusals import Forbidden, Invalid

_WHOLE: Final = " for the whole organization"


def demand_reach(actor: Actor, kind: Kind, project_id: str | None) -> None:
    """Raise unless the actor reads all of that kind, of a project or of all.

    Forbidden where it lacks the scope, Invalid for a project that is beyond it.
    """
    reach = actor.reach(kind.read_scope)
    if project_id is None and not reach.whole:
        raise Forbidden(kind.read_scope, _WHOLE)
    if project_id is not None and not reach.holds_project(project_id):
        raise unknown_project()


def demand_scopes(actor: Actor, kinds: Iterable[Kind]) -> None:
    """Raise Forbidden unless the actor reads and writes such kinds at all.

    Asked for before anything is looked at; each command asks for what it is about.
    """
    for kind in kinds:
        actor.reach(kind.read_scope)
        actor.reach(kind.write_scope)


def unknown_project() -> Invalid:
    """The refusal of a project that is not there, or beyond reach: in the same words."""
    mend = "name one of yours by id or name; GET /v1/projects lists them"
    return Invalid([Problem("project", "is not known", mend)])
