"""All keys of a project's environment: searched, filtered, sorted, opened."""

from typing import Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Api, Application
from keyhouse.doors.console.keys import filters, owners
from keyhouse.doors.console.keys.figures import Gauge, gauges, tightest
from keyhouse.doors.console.keys.filters import Wanted
from keyhouse.doors.console.keys.sparkline import Sparkline, sparkline
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import issue, reports
from keyhouse.services.catalog import list_apis, list_applications, list_customers
from keyhouse.services.issue import KeyFilter, KeyState, KeyView
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Turn

router = APIRouter()
KEYS_SHOWN: Final = 50
CHOICES_MAX: Final = 200


class Row(NamedTuple):
    """A key in the list."""

    view: KeyView
    application: str
    activity: Sparkline
    requests: int
    quota: Gauge | None


class Listed(NamedTuple):
    """What the list shows, and the choices of its filters."""

    rows: list[Row]
    next_cursor: str | None
    applications: dict[str, str]
    apis: list[Api]
    owners: list[owners.Choice]
    has_customers: bool
    has_deleted: bool

    @property
    def api_choices(self) -> list[tuple[str, str]]:
        """The APIs by their slugs, each with what it is called."""
        return sorted((api.slug, api.name or api.slug) for api in self.apis)


@router.get("/{project}/{environment}/keys")
async def keys(here: Here) -> Response:
    """The list, as its address asks for it."""
    return await show(here, filters.read(here.request.query_params))


@router.post("/{project}/{environment}/keys/search")
async def search(here: Here) -> Response:
    """The list for what was typed; a whole secret leads to its key.

    By POST, for a secret must not stand in an address. The address of any
    other search is told, so that it can be kept and sent on.
    """
    typed = await here.form()
    text = str(typed.get("search", "")).strip()
    if filters.is_secret(text):
        return await _by_secret(here, text)
    wanted = filters.read(typed)
    url = here.url("keys") + wanted.query()
    return await show(here, wanted, headers={"HX-Replace-Url": url})


async def show(
    here: InProject,
    wanted: Wanted,
    headers: dict[str, str] | None = None,
    *,
    unknown_secret: bool = False,
) -> Response:
    """The list; only what changes of it where htmx asked for that."""
    listed = await here.read(lambda look: _listed(look, here, wanted))
    target = here.request.headers.get("hx-target", "")
    return render(
        here,
        "keys/found.html" if target == "keys-found" else "keys/list.html",
        headers=headers,
        wanted=wanted,
        listed=listed,
        states=filters.STATES,
        uses=filters.UNUSED,
        unknown_secret=unknown_secret,
    )


async def _by_secret(here: InProject, text: str) -> Response:
    """On to the key of a pasted secret, whichever project it is in."""
    try:
        view = await here.read(lambda look: issue.find_key(look, text))
    except NotFound:
        return await show(here, Wanted(), unknown_secret=True)
    environment = view.key.environment or here.environment
    url = f"/{view.key.project_id}/{environment}/keys/{view.key.id}"
    return see_other(here, url, toast=f"That secret belongs to {view.key.name}")


def _listed(look: Look, here: InProject, wanted: Wanted) -> Listed:
    project, turn = here.project.id, Turn(wanted.cursor or None, KEYS_SHOWN)
    page = issue.list_keys(
        look, turn, wanted.filter(project, here.environment, look.now_us)
    )
    every = Turn(limit=CHOICES_MAX)
    applications = list_applications(look, every, project=project).rows
    names = {one.id: one.name for one in applications}
    return Listed(
        _rows(look, page.rows, names, wanted.sort),
        page.next_cursor,
        names,
        list_apis(look, every, project=project).rows,
        _owners(look, wanted.owner),
        bool(wanted.customer or list_customers(look, Turn(limit=1), project=project).rows),
        not page.rows and not wanted.narrows and _has_deleted(look, here),
    )


def _owners(look: Look, chosen: str) -> list[owners.Choice]:
    """The members; one who has left is asked for by an address that was kept."""
    named = owners.choices(look)
    if not chosen or any(id == chosen for id, _ in named):
        return named
    return [(chosen, owners.name_of(look, chosen)), *named]


def _has_deleted(look: Look, here: InProject) -> bool:
    """Whether a list that shows nothing hides keys that can be brought back."""
    gone = KeyFilter(
        state=KeyState.DELETED, project=here.project.id, environment=here.environment
    )
    return bool(issue.list_keys(look, Turn(limit=1), gone).rows)


def _rows(look: Look, views: list[KeyView], names: dict[str, str], sort: str) -> list[Row]:
    activity = reports.key_activity(look, [view.key.id for view in views])
    limits = reports.limits_of(look, [view.key for view in views])
    others = tuple({view.key.application_id for view in views}.difference(names))
    older = {one.id: one.name for one in look.tx.find(Application, id=others)}
    named = {**older, **names}
    return [
        Row(
            view,
            named.get(view.key.application_id, ""),
            sparkline(activity[view.key.id].hours, activity[view.key.id].refused),
            activity[view.key.id].requests,
            tightest(gauges(limits[view.key.id])),
        )
        for view in filters.in_order(views, sort, activity)
    ]
