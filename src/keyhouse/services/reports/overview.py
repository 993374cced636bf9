"""A project at a glance: what changed since yesterday, what needs a hand."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from keyhouse.core.entities import Api, Project
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Tally
from keyhouse.services.refusals import NotFound
from keyhouse.services.reports.needs import KeyNeed, keys_in_need
from keyhouse.services.reports.queries import READ_USAGE
from keyhouse.services.reports.strangers import Strangers, strangers
from keyhouse.services.reports.times import (
    DAY_US,
    HOUR_US,
    SECOND_US,
    even_tallies,
    step_starts,
)
from keyhouse.services.work import Look


class Sums(NamedTuple):
    """Requests of a day; `refused` and `errors` are among them."""

    requests: int = 0
    refused: int = 0
    errors: int = 0


class Hour(NamedTuple):
    """One hour: let pass (with or without an error), and refused."""

    start_us: int
    served: int
    errors: int
    refused: int


class ApiSums(NamedTuple):
    """What one API of the project was asked in the last day."""

    api: Api
    sums: Sums


class Overview(NamedTuple):
    """The last 24 hours and the 24 before them, as far as the project's APIs

    and this environment go; the busiest API and the most urgent key first.
    """

    now: Sums
    before: Sums
    hours: tuple[Hour, ...]
    apis: tuple[ApiSums, ...]
    needs: tuple[KeyNeed, ...]
    strangers: Strangers


def overview(look: Look, project: str, environment: str) -> Overview:
    """What a project's people look at first; NotFound for one beyond reach."""
    home = look.own(Project, project)
    if not look.actor.reach(READ_USAGE).holds_project(home.id):
        raise NotFound("project")
    apis = look.tx.find(Api, project_id=home.id)
    asked = _Asked(look, tuple(api.id for api in apis), environment)
    day = asked.rows(look.now_us - DAY_US, look.now_us + SECOND_US, 2 * 86_400)
    before = asked.rows(look.now_us - 2 * DAY_US, look.now_us - DAY_US, 2 * 86_400)
    starts = step_starts(look.now_us, HOUR_US, 24)
    hourly = asked.rows(starts[0], starts.stop, 3600)
    shares = [ApiSums(api, _sums(_of(day, api))) for api in apis]
    return Overview(
        now=_sums(day),
        before=_sums(before),
        hours=tuple(_hour(start, hourly) for start in starts),
        apis=tuple(sorted(shares, key=lambda share: -share.sums.requests)),
        needs=keys_in_need(look, home.id, environment),
        strangers=strangers(look, asked.api_ids),
    )


class _Asked(NamedTuple):
    look: Look
    api_ids: Sequence[str]
    environment: str

    def rows(self, since_us: int, until_us: int, step_seconds: int) -> list[Tally]:
        among = {"api": self.api_ids, "environment": self.environment}
        return even_tallies(self.look, since_us, until_us, step_seconds, ("api",), among)


def _of(rows: Iterable[Tally], api: Api) -> list[Tally]:
    return [row for row in rows if row.group["api"] == api.id]


def _sums(rows: Iterable[Tally]) -> Sums:
    requests = refused = errors = 0
    for row in rows:
        requests += row.requests
        if row.verdict == Verdict.VALID.code:
            errors += row.errors
        else:
            refused += row.requests
    return Sums(requests, refused, errors)


def _hour(start_us: int, rows: Iterable[Tally]) -> Hour:
    sums = _sums(row for row in rows if row.start_us == start_us)
    served = sums.requests - sums.refused
    return Hour(start_us, served, sums.errors, sums.refused)
