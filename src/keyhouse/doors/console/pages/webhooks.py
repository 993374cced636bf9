"""Webhooks of an organization: who is told of what happens in it."""

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Webhook
from keyhouse.core.validation import Problem
from keyhouse.doors.console.forms import by_field
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import AtOrganization, OrganizationHere
from keyhouse.doors.console.webhooks import kinds
from keyhouse.doors.console.webhooks.form import EMPTY, Form, held_form, typed_form
from keyhouse.doors.console.webhooks.listing import STATES, listed, shown_of
from keyhouse.services import webhooks as service
from keyhouse.services.refusals import Invalid, Taken
from keyhouse.services.webhooks import MadeWebhook, WebhookWish

router = APIRouter()
_ALL: Final = "/{organization}/settings/webhooks"
_ONE: Final = f"{_ALL}/{{webhook}}"


@router.get(_ALL)
async def webhooks(here: OrganizationHere) -> Response:
    """The endpoints."""
    demand(here, service.READ)
    cursor = here.request.query_params.get("cursor")
    seen = await here.read(lambda look: listed(look, cursor))
    return render(here, "webhooks/list.html", listed=seen, words=kinds.words)


@router.get(f"{_ALL}/new")
async def new(here: OrganizationHere) -> Response:
    """The form of a new endpoint."""
    demand(here, service.WRITE)
    return _page(here, EMPTY, None)


@router.post(_ALL)
async def create(here: OrganizationHere) -> Response:
    """Make it and show its secret, or tell what stands in the way."""
    demand(here, service.WRITE)
    form = typed_form(await here.form())
    texts = form.texts
    wish = WebhookWish(
        url=texts["url"],
        events=form.events,
        name=texts["name"] or "Webhook",
        project=texts["project"] or None,
    )
    try:
        made = await here.write(lambda work: service.create_webhook(work, wish))
    except (Invalid, Taken) as error:
        return _page(here, form, None, error.problems)
    return show_secret(here, made)


@router.get(_ONE)
async def one(here: OrganizationHere, webhook: str) -> Response:
    """One endpoint, with what was sent to it."""
    demand(here, service.READ)
    asked = here.request.query_params
    state = asked.get("state", "")
    state = state if state in STATES else ""
    cursor = asked.get("cursor")
    shown = await here.read(lambda look: shown_of(look, webhook, state, cursor))
    projects = {project.id: project.name for project in here.projects}
    return render(
        here,
        "webhooks/one.html",
        shown=shown,
        states=STATES,
        state=state,
        words=kinds.words,
        projects=projects,
    )


@router.get(f"{_ONE}/edit")
async def edit(here: OrganizationHere, webhook: str) -> Response:
    """The form of one that there is."""
    demand(here, service.WRITE)
    row = await here.read(lambda look: service.get_webhook(look, webhook))
    return _page(here, held_form(row), row)


@router.post(_ONE)
async def change(here: OrganizationHere, webhook: str) -> Response:
    """Change it, or tell what stands in the way."""
    demand(here, service.WRITE)
    row = await here.read(lambda look: service.get_webhook(look, webhook))
    form = typed_form(await here.form())
    try:
        await here.write(
            lambda work: service.change_webhook(
                work,
                row.id,
                {
                    "name": form.texts["name"],
                    "url": form.texts["url"],
                    "events": form.events,
                },
            )
        )
    except Invalid as error:
        return _page(here, form, row, error.problems)
    url = here.organization_url("settings", "webhooks", row.id)
    return see_other(here, url, "Changes saved")


def show_secret(
    here: AtOrganization, made: MadeWebhook, overlap_seconds: int | None = None
) -> Response:
    """The signing secret, once. A reload shows the endpoint, and no secret.

    `overlap_seconds` is told of a new secret of an endpoint that there was.
    """
    url = here.organization_url("settings", "webhooks", made.webhook.id)
    return render(
        here,
        "webhooks/secret.html",
        headers={"HX-Replace-Url": url},
        webhook=made.webhook,
        secret=made.secret,
        overlap_seconds=overlap_seconds,
    )


def _page(
    here: AtOrganization,
    form: Form,
    webhook: Webhook | None,
    problems: Sequence[Problem] = (),
) -> Response:
    return render(
        here,
        "webhooks/form.html",
        422 if problems else 200,
        typed=form.texts,
        ticked=form.ticked,
        webhook=webhook,
        groups=kinds.GROUPS,
        problems=by_field(problems),
    )
