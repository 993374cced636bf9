"""How lively keys are: what lists and warnings show."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from keyhouse.core.entities import Api, Application, Project
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Tally
from keyhouse.services.refusals import NotFound
from keyhouse.services.reports.queries import READ_USAGE, sees_key, within
from keyhouse.services.reports.times import (
    HOUR_US,
    MINUTE_US,
    SECOND_US,
    even_tallies,
    step_starts,
)
from keyhouse.services.work import Look

HOURS: Final = 24


class KeyActivity(NamedTuple):
    """A key's last 24 hours: requests in each, the oldest first, and their sums.

    `refused` is how many of `requests` were; the last hour is not yet full.
    """

    hours: tuple[int, ...]
    requests: int
    refused: int


def key_activity(look: Look, key_ids: Sequence[str]) -> dict[str, KeyActivity]:
    """The activity of each of these keys, in one read; all zero for a silent one.

    A key of another organization reads as silent.
    """
    reach = look.actor.reach(READ_USAGE)
    seen = [id for id in key_ids if reach.whole or sees_key(look, READ_USAGE, id)]
    starts = step_starts(look.now_us, HOUR_US, HOURS)
    hours = {id: dict.fromkeys(starts, 0) for id in key_ids}
    refused = dict.fromkeys(key_ids, 0)
    for row in _tallies(look, starts[0], 3600, "key", key=seen):
        id = row.group["key"]
        hours[id][row.start_us] += row.requests
        if row.verdict != Verdict.VALID.code:
            refused[id] += row.requests
    return {
        id: KeyActivity(tuple(own.values()), sum(own.values()), refused[id])
        for id, own in hours.items()
    }


def calls_in_last_hour(
    look: Look,
    *,
    key: str | None = None,
    application: str | None = None,
    api: str | None = None,
    project: str | None = None,
) -> int:
    """How many requests, refused ones too, concerned this one thing: name one.

    `api` is an id or slug. A project's are those to its APIs and those of its
    applications.
    """
    if project is not None:
        return _calls_of_project(look, project)
    if application is not None:
        _demand_project(look, look.own(Application, application).project_id)
        return _last_hour(look, application=[application])
    given = {"key": key} if key is not None else {"api": api or ""}
    named = within(look, READ_USAGE, given)
    return _last_hour(look, **{name: [value] for name, value in named.items()})


def _calls_of_project(look: Look, id: str) -> int:
    """Calls of its applications to its own APIs are counted once."""
    _demand_project(look, look.own(Project, id).id)
    apis = [row.id for row in look.tx.find(Api, project_id=id)]
    applications = [row.id for row in look.tx.find(Application, project_id=id)]
    both = _last_hour(look, api=apis, application=applications)
    return _last_hour(look, api=apis) + _last_hour(look, application=applications) - both


def _demand_project(look: Look, id: str) -> None:
    if not look.actor.reach(READ_USAGE).holds_project(id):
        raise NotFound("project")


def _last_hour(look: Look, **among: Sequence[str]) -> int:
    since = look.now_us - HOUR_US
    since -= since % MINUTE_US
    return sum(row.requests for row in _tallies(look, since, 86_400, **among))


def _tallies(
    look: Look, since: int, step_seconds: int, *group_by: str, **among: Sequence[str]
) -> list[Tally]:
    until = look.now_us + SECOND_US
    return even_tallies(look, since, until, step_seconds, group_by, among)
