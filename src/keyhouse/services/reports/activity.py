"""How lively keys are: what lists and warnings show."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from keyhouse.core.entities import Api, Application, Project
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Tally
from keyhouse.services.refusals import NotFound
from keyhouse.services.reports.queries import READ_USAGE, seen_keys, within
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
    seen = key_ids if reach.whole else seen_keys(look, READ_USAGE, key_ids)
    starts = step_starts(look.now_us, HOUR_US, HOURS)
    hours = {id: dict.fromkeys(starts, 0) for id in key_ids}
    refused = dict.fromkeys(key_ids, 0)
    among = {"key": seen}
    for row in even_tallies(look, starts[0], starts.stop, 3600, ("key",), among):
        id = row.group["key"]
        hours[id][row.start_us] += row.requests
        if row.verdict != Verdict.VALID.code:
            refused[id] += row.requests
    return {
        id: KeyActivity(tuple(own.values()), sum(own.values()), refused[id])
        for id, own in hours.items()
    }


def api_tallies(look: Look, apis: Sequence[Api], environment: str) -> list[Tally]:
    """The last 24 hours of each of these APIs, the one that is not yet full included,

    by the hour, API and verdict; of those beyond reach nothing.
    """
    reach = look.actor.reach(READ_USAGE)
    seen = [api.id for api in apis if reach.holds_api(api)]
    starts = step_starts(look.now_us, HOUR_US, HOURS)
    among = {"api": seen, "environment": (environment,)}
    return even_tallies(look, starts[0], starts.stop, 3600, ("api",), among)


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
        return calls_of_projects(look, [look.own(Project, project).id])[project]
    if application is not None:
        _demand_project(look, look.own(Application, application).project_id)
        return _last_hour(look, application=[application])
    given = {"key": key} if key is not None else {"api": api or ""}
    named = within(look, READ_USAGE, given)
    return _last_hour(look, **{name: [value] for name, value in named.items()})


def calls_of_projects(look: Look, ids: Sequence[str]) -> dict[str, int]:
    """The calls of the last hour to each project's APIs and of its applications,

    in one read; what is both is counted once. The projects are the organization's own.
    """
    calls = dict.fromkeys(ids, 0)
    for id in ids:
        _demand_project(look, id)
    for row in _in_last_hour(look, "api_project", "application_project"):
        for id in set(row.group.values()).intersection(calls):
            calls[id] += row.requests
    return calls


def _demand_project(look: Look, id: str) -> None:
    if not look.actor.reach(READ_USAGE).holds_project(id):
        raise NotFound("project")


def _last_hour(look: Look, **among: Sequence[str]) -> int:
    return sum(row.requests for row in _in_last_hour(look, **among))


def _in_last_hour(look: Look, *group_by: str, **among: Sequence[str]) -> list[Tally]:
    since = look.now_us - HOUR_US
    since -= since % MINUTE_US
    until = look.now_us + SECOND_US
    return even_tallies(look, since, until, 86_400, group_by, among)
