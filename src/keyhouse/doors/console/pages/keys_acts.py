"""What is done to a key: disabled, revoked, put away, and taken back."""

from collections.abc import Callable
from typing import Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.validation import Problem
from keyhouse.doors.console.pages.keys_asked import asked
from keyhouse.doors.console.rendering import see_other
from keyhouse.doors.console.toasts import Undo
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import issue
from keyhouse.services.refusals import NotFound, Taken
from keyhouse.services.work import Work

router = APIRouter()


class Act(NamedTuple):
    """Something done to a key. `back` is the act that takes it back, if any does."""

    do: Callable[[Work, str], object]
    verb: str
    meaning: str
    done: str
    back: str = ""


ACTS: Final = {
    "disable": Act(
        issue.disable_key,
        "Disable",
        "Calls with this key are refused until somebody enables it again.",
        "Key disabled",
        "enable",
    ),
    "enable": Act(
        issue.enable_key, "Enable", "Calls with this key pass again.", "Key enabled"
    ),
    "revoke": Act(
        issue.revoke_key,
        "Revoke",
        "Calls with this key are refused for ever. This cannot be undone.",
        "Key revoked",
    ),
    "delete": Act(
        issue.delete_key,
        "Delete",
        "The key is refused and leaves the list. Its usage stays, and it can be restored.",
        "Key deleted",
        "restore",
    ),
    "restore": Act(
        issue.restore_key, "Restore", "The key is back as it was.", "Key restored"
    ),
}


@router.get("/{project}/{environment}/keys/{key}/{act}")
async def ask(here: Here, key: str, act: str) -> Response:
    """What an act means now, before it is done."""
    return await _ask(here, key, act)


@router.post("/{project}/{environment}/keys/{key}/{act}")
async def do(here: Here, key: str, act: str) -> Response:
    """Do it, and offer the way back where there is one."""
    known = _act(act)
    try:
        await here.write(lambda work: known.do(work, key))
    except Taken as error:
        return await _ask(here, key, act, error.problem)
    undo = Undo(here.url("keys", key, known.back)) if known.back else None
    url = here.url("keys") if act == "delete" else here.url("keys", key)
    return see_other(here, url, toast=known.done, undo=undo)


def _act(name: str) -> Act:
    if name not in ACTS:
        raise NotFound("page")
    return ACTS[name]


async def _ask(
    here: InProject, key: str, name: str, problem: Problem | None = None
) -> Response:
    return await asked(here, key, "keys/act.html", problem, name=name, act=_act(name))
