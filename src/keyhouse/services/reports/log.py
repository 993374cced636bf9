"""The request log of a project, with the names of what each line concerns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from keyhouse.core import ids
from keyhouse.core.entities import Api, Application, Key, Project
from keyhouse.core.usage import LogRow
from keyhouse.core.verdict import BY_CODE, Verdict
from keyhouse.ports import Page
from keyhouse.services.refusals import NotFound
from keyhouse.services.reports.queries import READ_REQUESTS
from keyhouse.services.work import Look, Turn, bad_cursor

REFUSED = "refused"
Row = TypeVar("Row", Key, Application)


class RequestFilter(NamedTuple):
    """Which lines are wanted: those that fit all that is not None.

    Of an environment are its keys' requests, and those without a known key.
    `verdict` is a code, or `refused` for all but `valid`.
    """

    environment: str | None = None
    api: str | None = None
    application: str | None = None
    key: str | None = None
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class RequestView:
    """A line, with its API and what was known of its key; None where nothing was."""

    row: LogRow
    api: Api
    application: Application | None
    key: Key | None


def list_project_requests(
    look: Look, project: str, turn: Turn, wanted: RequestFilter
) -> Page:
    """What the APIs of a project were asked, as views, the newest first.

    A filter that names nothing of the project fits no line.
    """
    apis = _apis(look, project)
    named = _named(wanted, apis)
    if not all(named.values()):
        return Page([], None)
    page = _log(look, turn, named)
    return Page(_viewed(look, page.rows, apis), page.next_cursor)


def get_project_request(look: Look, project: str, id: str) -> RequestView:
    """One line of a project's log; NotFound for any other, and one that is gone."""
    apis = _apis(look, project)
    named = {"request": (id,), "api": tuple(apis)}
    known = ids.is_id(id, ids.REQUEST) and apis
    rows = _log(look, Turn(limit=1), named).rows if known else []
    if not rows:
        raise NotFound("request")
    return _viewed(look, rows, apis)[0]


def _apis(look: Look, project: str) -> dict[str, Api]:
    """The project's APIs whose log the actor may see."""
    reach = look.actor.reach(READ_REQUESTS)
    home = look.own(Project, project)
    found = look.tx.find(Api, project_id=home.id)
    return {api.id: api for api in found if reach.holds_api(api)}


def _named(wanted: RequestFilter, apis: Mapping[str, Api]) -> dict[str, Sequence[str]]:
    chosen = [api.id for api in apis.values() if wanted.api in (api.id, api.slug)]
    named: dict[str, Sequence[str]] = {"api": tuple(apis) if wanted.api is None else chosen}
    if wanted.environment is not None:
        named["environment"] = (wanted.environment, "")
    if wanted.application is not None:
        named["application"] = (wanted.application,)
    if wanted.key is not None:
        named["key"] = (wanted.key,)
    if wanted.verdict is not None:
        named["verdict"] = _codes(wanted.verdict)
    return named


def _codes(verdict: str) -> Sequence[str]:
    if verdict == REFUSED:
        return tuple(code for code in BY_CODE if code != Verdict.VALID.code)
    return (verdict,) if verdict in BY_CODE else ()


def _log(look: Look, turn: Turn, named: Mapping[str, Sequence[str]]) -> Page:
    organization = look.actor.organization_id
    try:
        return look.reports.requests(
            organization, after=turn.cursor, limit=turn.limit, equals=named
        )
    except ValueError:
        raise bad_cursor() from None


def _viewed(
    look: Look, rows: Iterable[LogRow], apis: Mapping[str, Api]
) -> list[RequestView]:
    rows = list(rows)
    keys = _own(look, Key, {row.use.key_id for row in rows})
    applications = _own(look, Application, {row.use.application_id for row in rows})
    return [
        RequestView(
            row,
            apis[row.use.api_id],
            applications.get(row.use.application_id),
            keys.get(row.use.key_id),
        )
        for row in rows
    ]


def _own(look: Look, kind: type[Row], named: set[str]) -> dict[str, Row]:
    organization = look.actor.organization_id
    found = look.tx.find(kind, id=tuple(named - {""}))
    return {row.id: row for row in found if row.organization_id == organization}
