"""APIs with what the last day brought them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from keyhouse.core.entities import Api, Environment
from keyhouse.core.verdict import Verdict
from keyhouse.doors.console.keys.sparkline import Sparkline, sparkline
from keyhouse.ports import Tally
from keyhouse.services import catalog, reports
from keyhouse.services.work import Look, Turn

APIS_SHOWN: Final = 50
_HOUR_US: Final = 3_600_000_000


class ApiLine(NamedTuple):
    """An API in the list: requests of 24 hours, and how many of them failed."""

    api: Api
    upstream: str
    activity: Sparkline
    requests: int
    refused: int
    errors: int


class Listed(NamedTuple):
    """A page of lines, and the cursor behind it."""

    lines: list[ApiLine]
    next_cursor: str | None


def listed(
    look: Look, project: str, environment: Environment, cursor: str | None
) -> Listed:
    """The project's APIs, the newest first, as their environment sees them."""
    turn = Turn(cursor, APIS_SHOWN)
    apis, next_cursor = catalog.list_apis(look, turn, project=project)
    return Listed(lines_of(look, apis, environment), next_cursor)


def lines_of(look: Look, apis: Sequence[Api], environment: Environment) -> list[ApiLine]:
    """A line for each of these APIs."""
    since = (look.now_us // _HOUR_US - reports.HOURS + 1) * _HOUR_US
    counts: dict[str, list[Tally]] = defaultdict(list)
    for row in reports.api_tallies(look, apis, environment):
        counts[row.group["api"]].append(row)
    return [_line(api, environment, counts[api.id], since) for api in apis]


def _line(
    api: Api, environment: Environment, rows: Sequence[Tally], since_us: int
) -> ApiLine:
    hours = [0] * reports.HOURS
    for row in rows:
        hours[(row.start_us - since_us) // _HOUR_US] += row.requests
    valid = Verdict.VALID.code
    refused = sum(row.requests for row in rows if row.verdict != valid)
    return ApiLine(
        api=api,
        upstream=api.upstreams.get(environment, ""),
        activity=sparkline(hours, refused),
        requests=sum(hours),
        refused=refused,
        errors=sum(row.errors for row in rows if row.verdict == valid),
    )
