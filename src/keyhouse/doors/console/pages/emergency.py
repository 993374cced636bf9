"""All keys of an application or a project, refused for ever at once."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.validation import Problem
from keyhouse.doors.console.applications.listing import own_application
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import AtOrganization, Here, OrganizationHere
from keyhouse.doors.console.words import count, plural
from keyhouse.services import issue, reports, tenants
from keyhouse.services.issue import Revoked, RevokeWish
from keyhouse.services.refusals import Invalid, Taken

router = APIRouter()
_APPLICATION: Final = "/{project}/{environment}/applications/{application}/revoke-keys"
_PROJECT: Final = "/{organization}/projects/{project}/revoke-keys"
_DIGITS_MAX: Final = 9


class _Whose(NamedTuple):
    """Whose keys: how services and people name it, and where one comes from."""

    application: str | None
    project: str | None
    name: str
    action: str
    behind: str

    def wish(self, expected: int | None = None) -> RevokeWish:
        """The wish to revoke so many; without a number, to count them."""
        return RevokeWish(
            application=self.application,
            project=self.project,
            expected=expected,
            dry_run=expected is None,
        )


@router.get(_APPLICATION)
async def ask_application(here: Here, application: str) -> Response:
    """How many keys of the application would be revoked."""
    demand(here, issue.WRITE)
    row = await here.read(lambda look: own_application(look, here.project.id, application))
    return await _ask(
        here, _of_application(here.url("applications", row.id), row.id, row.name)
    )


@router.post(_APPLICATION)
async def revoke_application(here: Here, application: str) -> Response:
    """Revoke them, if there are as many as was typed."""
    demand(here, issue.WRITE)
    row = await here.read(lambda look: own_application(look, here.project.id, application))
    return await _revoke(
        here, _of_application(here.url("applications", row.id), row.id, row.name)
    )


@router.get(_PROJECT)
async def ask_project(here: OrganizationHere, project: str) -> Response:
    """How many keys of the project would be revoked."""
    demand(here, issue.WRITE)
    return await _ask(here, await _of_project(here, project))


@router.post(_PROJECT)
async def revoke_project(here: OrganizationHere, project: str) -> Response:
    """Revoke them, if there are as many as was typed."""
    demand(here, issue.WRITE)
    return await _revoke(here, await _of_project(here, project))


def _of_application(url: str, id: str, name: str) -> _Whose:
    return _Whose(id, None, name, f"{url}/revoke-keys", url)


async def _of_project(here: AtOrganization, id: str) -> _Whose:
    row = await here.read(lambda look: tenants.get_project(look, id))
    behind = here.organization_url("projects")
    return _Whose(None, row.id, row.name, f"{behind}/{row.id}/revoke-keys", behind)


async def _ask(here: AtOrganization, whose: _Whose) -> Response:
    return await _page(here, whose, {"count": ""})


async def _revoke(here: AtOrganization, whose: _Whose) -> Response:
    text = str((await here.form()).get("count", "")).strip()
    plain = text.replace(",", "")
    if not (plain.isascii() and plain.isdigit() and len(plain) <= _DIGITS_MAX):
        problem = Problem("count", "is no number", "type how many keys there are")
        return await _page(here, whose, {"count": text}, problem)
    wish = whose.wish(int(plain))
    try:
        told = await here.ask(lambda: issue.revoke_keys(here.office, here.actor, wish))
    except Invalid as error:
        return await _page(here, whose, {"count": text}, error.problems[0])
    except Taken:
        return await _page(here, whose, {"count": text}, _other(await _count(here, whose)))
    await here.write(lambda work: issue.note_revoked(work, wish, told))
    return see_other(here, whose.behind, f"{plural(told.revoked, 'key')} revoked")


def _other(there: Revoked) -> Problem:
    reason = "is not how many keys there are"
    return Problem("count", reason, f"type {count(there.matched)} to revoke all of them")


async def _count(here: AtOrganization, whose: _Whose) -> Revoked:
    return await here.ask(lambda: issue.revoke_keys(here.office, here.actor, whose.wish()))


async def _page(
    here: AtOrganization,
    whose: _Whose,
    typed: Mapping[str, str],
    problem: Problem | None = None,
) -> Response:
    calls = await here.read(
        lambda look: reports.calls_in_last_hour(
            look, application=whose.application, project=whose.project
        )
    )
    return render(
        here,
        "emergency.html",
        422 if problem else 200,
        whose=whose,
        there=await _count(here, whose),
        calls=calls,
        typed=typed,
        problems={problem.field: problem} if problem else {},
    )
