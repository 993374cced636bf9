"""The link of an invitation: who asks whom to what, and the way in."""

from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import AnyoneHere, MeHere
from keyhouse.services.members import accept_invitation, find_offer

router = APIRouter()


@router.get("/invitations/{token}")
async def offer(here: AnyoneHere, token: str) -> Response:
    """Show what is offered; join, or sign up or log in first."""
    found = await here.ask(lambda: find_offer(here.desk.office, token))
    if found is None:
        return render(here, "auth/no_offer.html", 410)
    typed = urlencode({"invitation": token, "email": found.invitation.email})
    back = urlencode({"next": here.request.url.path})
    return render(
        here,
        "auth/offer.html",
        offer=found,
        token=token,
        sign_up=f"/signup?{typed}",
        log_in=f"/login?{back}",
    )


@router.post("/invitations/{token}")
async def accept(here: MeHere, token: str) -> Response:
    """Join."""
    office = here.desk.office
    found = await here.ask(lambda: find_offer(office, token))
    member = await here.ask(
        lambda: accept_invitation(
            office,
            token,
            here.person.id,
            address=here.address,
            request_id=here.request_id,
        )
    )
    name = found.organization.name if found else "the organization"
    return see_other(
        here, f"/{member.organization_id}/projects", toast=f"You are in {name} now"
    )
