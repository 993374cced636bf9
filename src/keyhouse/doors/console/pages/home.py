"""The way in: `/` leads to the place last seen, or to the first there is."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from keyhouse.core.entities import Project
from keyhouse.doors.console.visits import Me, MeHere, remembered

router = APIRouter()


@router.get("/")
async def home(here: MeHere) -> Response:
    """Go on to where there is something to see."""
    return RedirectResponse(await here.ask(lambda: _way(here)), 303)


def _way(here: Me) -> str:
    if not here.memberships:
        return "/organizations/new"
    projects = _projects(here)
    place = remembered(here.request, projects)
    if place is not None:
        return f"{place.root}/overview"
    if projects:
        return f"/{projects[0].id}/test/overview"
    return f"/{here.memberships[0].organization.id}/projects"


def _projects(here: Me) -> tuple[Project, ...]:
    """All projects of all organizations of theirs, the oldest first."""
    with here.desk.office.rows.reading() as tx:
        return tuple(
            project
            for member in here.memberships
            for project in tx.find(Project, organization_id=member.organization.id)
        )
