"""A new secret for a key: asked for, taken back, and an old one ended."""

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.validation import Problem
from keyhouse.doors.console.keys import replacing
from keyhouse.doors.console.keys.replacing import Replacing
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.pages.keys_asked import asked
from keyhouse.doors.console.pages.keys_shown import show_secret
from keyhouse.doors.console.rendering import see_other
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import issue, rotation
from keyhouse.services.refusals import Invalid, NotFound, Taken

router = APIRouter()
_ONE = "/{project}/{environment}/keys/{key}"


@router.get(f"{_ONE}/replace")
async def ask_replace(here: Here, key: str) -> Response:
    """How long the old secret shall go on."""
    stands = await here.read(lambda look: rotation.get_rotation(look, key))
    schedule = stands.scheduled.schedule if stands.scheduled else None
    return await _ask_replace(here, key, replacing.usual(schedule))


@router.post(f"{_ONE}/replace")
async def replace(here: Here, key: str) -> Response:
    """The key's new secret, once."""
    typed = Typed.of((await here.form()).multi_items())
    view = await here.read(lambda look: issue.get_key(look, key))
    wish = replacing.read(typed, view.key.kind)
    overlap, waits = wish
    try:
        made = await here.write(
            lambda work: issue.rotate_key(work, key, overlap, on_first_use=waits)
        )
    except Invalid as error:
        return await _ask_replace(here, key, wish, error.problems[0])
    except Taken as error:
        return await _ask_replace(here, key, wish, error.problem)
    return await show_secret(here, made, wish)


@router.get(f"{_ONE}/roll-back")
async def ask_roll_back(here: Here, key: str) -> Response:
    """What taking the last replacement back means now."""
    return await _ask_roll_back(here, key)


@router.post(f"{_ONE}/roll-back")
async def roll_back(here: Here, key: str) -> Response:
    """Refuse the new secret, and let the old ones go on."""
    try:
        await here.write(lambda work: issue.roll_back(work, key))
    except Taken as error:
        return await _ask_roll_back(here, key, error.problem)
    toast = "Rolled back: the new secret is refused"
    return see_other(here, here.url("keys", key), toast=toast)


@router.get(f"{_ONE}/secrets/{{secret}}/end")
async def ask_end(here: Here, key: str, secret: str) -> Response:
    """Whether one secret shall be refused from now on."""
    return await _ask_end(here, key, secret)


@router.post(f"{_ONE}/secrets/{{secret}}/end")
async def end(here: Here, key: str, secret: str) -> Response:
    """Refuse one secret of a key."""
    try:
        await here.write(lambda work: issue.end_secret(work, key, secret))
    except Taken as error:
        return await _ask_end(here, key, secret, error.problem)
    return see_other(here, here.url("keys", key), toast="Secret ended")


async def _ask_replace(
    here: InProject, key: str, wish: Replacing, problem: Problem | None = None
) -> Response:
    return await asked(here, key, "keys/replace.html", problem, wish=wish)


async def _ask_roll_back(
    here: InProject, key: str, problem: Problem | None = None
) -> Response:
    stands = await here.read(lambda look: rotation.get_rotation(look, key))
    return await asked(here, key, "keys/roll_back.html", problem, stands=stands)


async def _ask_end(
    here: InProject, key: str, secret: str, problem: Problem | None = None
) -> Response:
    secrets = await here.read(lambda look: issue.list_secrets(look, key))
    found = [one for one in secrets if one.secret.id == secret]
    if not found:
        raise NotFound("secret")
    return await asked(here, key, "keys/end_secret.html", problem, ending=found[0])
