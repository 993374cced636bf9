"""Who calls an API most, all verdicts of a user in one row."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from keyhouse.core.entities import Api, Application
from keyhouse.core.verdict import Verdict
from keyhouse.services import catalog, reports
from keyhouse.services.refusals import NotFound
from keyhouse.services.reports import UsersWish
from keyhouse.services.work import Look

USERS_SHOWN: Final = 100


@dataclass(slots=True)
class Row:
    """A user of an application: calls that were served, and others."""

    application: str
    user: str
    served: int = 0
    refused: int = 0
    last_us: int = 0


class Listed(NamedTuple):
    """An API's busiest users, the busiest first, and how often all others called."""

    api: Api
    rows: list[Row]
    applications: dict[str, Application]
    others: int


def listed(look: Look, project: str, id: str) -> Listed:
    """The users of an API of that project on the days that the last 24 hours touch."""
    api = catalog.get_api(look, id)
    if api.project_id != project:
        raise NotFound("api")
    found: dict[tuple[str, str], Row] = {}
    others = 0
    for one in reports.report_users(look, UsersWish(None, None, {"api": api.id})):
        if one.application is None or one.user is None:
            others += one.seen.requests
            continue
        name = one.application, one.user
        row = found.setdefault(name, Row(*name))
        row.last_us = max(row.last_us, one.seen.last_us)
        if one.seen.verdict == Verdict.VALID.code:
            row.served += one.seen.requests
        else:
            row.refused += one.seen.requests
    rows = sorted(found.values(), key=lambda row: -(row.served + row.refused))
    shown = rows[:USERS_SHOWN]
    others += sum(row.served + row.refused for row in rows[USERS_SHOWN:])
    ids = tuple({row.application for row in shown})
    home = look.actor.organization_id
    known = look.tx.find(Application, id=ids, organization_id=home)
    return Listed(api, shown, {one.id: one for one in known}, others)
