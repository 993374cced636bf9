"""What is done with an endpoint: tried, switched, given a secret, sent a thing again."""

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Webhook
from keyhouse.core.validation import Problem
from keyhouse.doors.console.forms import by_field
from keyhouse.doors.console.pages.webhooks import show_secret
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.toasts import Undo
from keyhouse.doors.console.visits import AtOrganization, OrganizationHere
from keyhouse.services import webhooks
from keyhouse.services.refusals import Invalid
from keyhouse.services.webhooks import WRITE

router = APIRouter()
_ONE: Final = "/{organization}/settings/webhooks/{webhook}"
OVERLAPS: Final = (
    (0, "None", "Only the new secret signs. For a secret that has leaked."),
    (3600, "An hour", "Time to restart the receiver."),
    (86_400, "A day", "Time for a deployment."),
    (604_800, "A week", "Time for others to change it, too."),
)
OVERLAP_USUAL: Final = 86_400
_DIGITS_MAX: Final = 9


@router.get(f"{_ONE}/rotate")
async def ask_rotate(here: OrganizationHere, webhook: str) -> Response:
    """How long the old secret shall sign as well."""
    demand(here, WRITE)
    row = await here.read(lambda look: webhooks.get_webhook(look, webhook))
    return _asked(here, row, OVERLAP_USUAL)


@router.post(f"{_ONE}/rotate")
async def rotate(here: OrganizationHere, webhook: str) -> Response:
    """The endpoint's new secret, once."""
    demand(here, WRITE)
    row = await here.read(lambda look: webhooks.get_webhook(look, webhook))
    given = str((await here.form()).get("overlap_seconds", ""))
    usable = given.isascii() and given.isdecimal() and len(given) <= _DIGITS_MAX
    overlap = int(given) if usable else OVERLAP_USUAL
    try:
        made = await here.write(lambda work: webhooks.rotate_webhook(work, row.id, overlap))
    except Invalid as error:
        return _asked(here, row, overlap, error.problems)
    return show_secret(here, made, overlap)


@router.post(f"{_ONE}/test")
async def test(here: OrganizationHere, webhook: str) -> Response:
    """Have an event sent that means nothing."""
    demand(here, WRITE)
    await here.write(lambda work: webhooks.send_test(work, webhook))
    return see_other(here, _url(here, webhook), "Test event on its way")


@router.post(f"{_ONE}/disable")
async def disable(here: OrganizationHere, webhook: str) -> Response:
    """Send it nothing more, until it is enabled."""
    demand(here, WRITE)
    await here.write(
        lambda work: webhooks.change_webhook(work, webhook, {"disabled": True})
    )
    url = _url(here, webhook)
    return see_other(here, url, "Webhook disabled", undo=Undo(f"{url}/enable"))


@router.post(f"{_ONE}/enable")
async def enable(here: OrganizationHere, webhook: str) -> Response:
    """Send it events again."""
    demand(here, WRITE)
    await here.write(
        lambda work: webhooks.change_webhook(work, webhook, {"disabled": False})
    )
    return see_other(here, _url(here, webhook), "Webhook enabled")


@router.post(f"{_ONE}/delete")
async def delete(here: OrganizationHere, webhook: str) -> Response:
    """Delete it, with what is on its way to it."""
    demand(here, WRITE)
    await here.write(lambda work: webhooks.delete_webhook(work, webhook))
    return see_other(here, here.organization_url("settings", "webhooks"), "Webhook deleted")


@router.post(f"{_ONE}/deliveries/{{delivery}}/replay")
async def replay(here: OrganizationHere, webhook: str, delivery: str) -> Response:
    """Send the same event once more."""
    demand(here, WRITE)
    made = await here.write(lambda work: webhooks.replay_delivery(work, webhook, delivery))
    return see_other(here, _url(here, webhook), f"{made.kind} is sent once more")


def _url(here: AtOrganization, webhook: str) -> str:
    return here.organization_url("settings", "webhooks", webhook)


def _asked(
    here: AtOrganization,
    webhook: Webhook,
    overlap: int,
    problems: Sequence[Problem] = (),
) -> Response:
    return render(
        here,
        "webhooks/rotate.html",
        422 if problems else 200,
        webhook=webhook,
        overlap=overlap,
        overlaps=OVERLAPS,
        problems=by_field(problems),
    )
