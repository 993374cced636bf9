"""The palette's answers: keys by name, hint or whole secret, and pages by name."""

from typing import Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.doors.console.rendering import render
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services.issue import KeyFilter, KeyView, list_keys
from keyhouse.services.work import Look, Turn

router = APIRouter()
KEYS_SHOWN: Final = 8
_SEARCHED_MIN: Final = 2
_WEBHOOKS: Final = ("settings", "webhooks")


class Goal(NamedTuple):
    """A page to go to; `scope` is what a person needs to do something there."""

    name: str
    icon: str
    url: str
    scope: str | None = None
    panel: bool = False


@router.post("/{project}/{environment}/find")
async def find(here: Here) -> Response:
    """What fits what was typed. By POST: a secret may stand in no address."""
    wanted = str((await here.form()).get("wanted", "")).strip()
    keys: list[KeyView] = []
    if len(wanted) >= _SEARCHED_MIN:
        keys = await here.read(lambda look: _keys(look, here.project.id, wanted))
    pages = [goal for goal in _goals(here) if _fits(goal.name, wanted)]
    return render(here, "found.html", keys=keys, pages=pages)


def _keys(look: Look, project: str, wanted: str) -> list[KeyView]:
    asked = KeyFilter(project=project, search=wanted)
    rows: list[KeyView] = list_keys(look, Turn(limit=KEYS_SHOWN), asked).rows
    return rows


def _fits(name: str, wanted: str) -> bool:
    """Whether every word that was typed begins a word of the name."""
    words = name.lower().split()
    return all(
        any(word.startswith(typed) for word in words) for typed in wanted.lower().split()
    )


def _goals(here: InProject) -> list[Goal]:
    goals = (
        Goal("Overview", "layout-dashboard", here.url("overview")),
        Goal("Keys", "key-round", here.url("keys")),
        Goal("Create key", "plus", here.url("keys", "new"), "keys:write", panel=True),
        Goal("Imports", "file-key", here.url("imports")),
        Goal("APIs", "waypoints", here.url("apis")),
        Goal("Create API", "plus", here.url("apis", "new"), "apis:write", panel=True),
        Goal("Applications", "app-window", here.url("applications")),
        Goal("Customers", "building-2", here.url("customers")),
        Goal("Plans", "layers", here.url("plans")),
        Goal("Create plan", "plus", here.url("plans", "new"), "plans:write", panel=True),
        Goal("Requests", "list", here.url("requests")),
        Goal("Projects", "folder", here.organization_url("projects")),
        Goal("Members", "users", here.organization_url("members")),
        Goal("Webhooks", "webhook", here.organization_url(*_WEBHOOKS), "webhooks:read"),
        Goal("Calendars", "clock", here.organization_url("settings", "calendars")),
        Goal("Settings", "settings", here.organization_url("settings")),
        Goal("Your account", "user", "/account"),
    )
    return [goal for goal in goals if goal.scope is None or here.may(goal.scope)]
