"""What is done to a key: replaced, disabled, revoked, put away, and taken back."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.validation import Problem
from keyhouse.doors.console.pages.keys_shown import show_secret
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.toasts import Undo
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import issue, reports
from keyhouse.services.refusals import Forbidden, Invalid, NotFound, Taken
from keyhouse.services.work import Work

router = APIRouter()
OVERLAPS: Final = {
    0: ("None", "The old secret is refused at once. For a secret that has leaked."),
    3600: ("An hour", "Time to restart what uses it."),
    86_400: ("A day", "Time for a deployment."),
    604_800: ("A week", "Time for others to change it, too."),
}
OVERLAP_USUAL: Final = 86_400


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


@router.get("/{project}/{environment}/keys/{key}/replace")
async def ask_replace(here: Here, key: str) -> Response:
    """How long the old secret shall go on."""
    return await _asked(here, key, "keys/replace.html", overlap=OVERLAP_USUAL)


@router.post("/{project}/{environment}/keys/{key}/replace")
async def replace(here: Here, key: str) -> Response:
    """The key's new secret, once."""
    given = str((await here.form()).get("overlap", ""))
    overlap = int(given) if given.isdecimal() and len(given) < 10 else OVERLAP_USUAL
    try:
        made = await here.write(lambda work: issue.rotate_key(work, key, overlap))
    except (Invalid, Taken) as error:
        wrong = error.problem if isinstance(error, Taken) else error.problems[0]
        return await _asked(here, key, "keys/replace.html", wrong, overlap=overlap)
    return await show_secret(here, made, overlap)


@router.get("/{project}/{environment}/keys/{key}/secrets/{secret}/end")
async def ask_end(here: Here, key: str, secret: str) -> Response:
    """Whether one secret shall be refused from now on."""
    return await _ask_end(here, key, secret)


@router.post("/{project}/{environment}/keys/{key}/secrets/{secret}/end")
async def end(here: Here, key: str, secret: str) -> Response:
    """Refuse one secret of a key."""
    try:
        await here.write(lambda work: issue.end_secret(work, key, secret))
    except Taken as error:
        return await _ask_end(here, key, secret, error.problem)
    return see_other(here, here.url("keys", key), toast="Secret ended")


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
    return await _asked(here, key, "keys/act.html", problem, name=name, act=_act(name))


async def _ask_end(
    here: InProject, key: str, secret: str, problem: Problem | None = None
) -> Response:
    secrets = await here.read(lambda look: issue.list_secrets(look, key))
    found = [one for one in secrets if one.secret.id == secret]
    if not found:
        raise NotFound("secret")
    return await _asked(here, key, "keys/end_secret.html", problem, ending=found[0])


async def _asked(
    here: InProject,
    key: str,
    template: str,
    problem: Problem | None = None,
    **context: Any,  # noqa: ANN401 # whatever the template shows
) -> Response:
    """A panel about a key, with the calls that came in the last hour."""
    if not here.may(issue.WRITE):
        raise Forbidden(issue.WRITE)
    view = await here.read(lambda look: issue.get_key(look, key))
    calls = await here.read(lambda look: reports.calls_in_last_hour(look, key=key))
    return render(
        here,
        template,
        422 if problem else 200,
        view=view,
        calls=calls,
        problem=problem,
        overlaps=OVERLAPS,
        **context,
    )
