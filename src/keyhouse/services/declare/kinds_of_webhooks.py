"""Webhooks: where events go, never what signs them."""

from collections.abc import Sequence
from typing import Any, Final

from keyhouse.core import ids
from keyhouse.core.entities import Webhook
from keyhouse.services import webhooks
from keyhouse.services.declare.forms import TEXT, TEXTS
from keyhouse.services.declare.kinds import Field, Held, Kind, Made, NewSecret, State
from keyhouse.services.declare.kinds_of_projects import DISABLED, PROJECT
from keyhouse.services.declare.rows import done, rest
from keyhouse.services.webhooks import WebhookWish
from keyhouse.services.work import Look, Work


def _find(at: Look | Work, state: State) -> Sequence[str]:
    found = at.tx.find(
        Webhook,
        organization_id=at.actor.organization_id,
        project_id=state["project"],
        name=state["name"],
    )
    return [row.id for row in found]


def _make(work: Work, held: Held) -> Made:
    made = webhooks.create_webhook(work, WebhookWish(**rest(held, "disabled")))
    row = made.webhook
    if held["disabled"]:
        webhooks.change_webhook(work, row.id, {"disabled": True})
    return Made(row.id, NewSecret("webhook", row.id, row.name, made.secret))


def _change(work: Work, row: Webhook, held: Held) -> None:
    changes: Any = {**held}
    done(webhooks.change_webhook(work, row.id, changes))


WEBHOOKS: Final = Kind(
    section="webhooks",
    one="webhook",
    prefix=ids.WEBHOOK,
    entity=Webhook,
    fields=(
        Field(name="name", form=TEXT, default="Webhook"),
        PROJECT,
        Field(name="url", form=TEXT, needed=True),
        Field(name="events", form=TEXTS, needed=True),
        DISABLED,
    ),
    read_scope=webhooks.READ,
    write_scope=webhooks.WRITE,
    title=lambda state: state["name"],
    identity=("project", "name"),
    find=_find,
    make=_make,
    change=_change,
    remove=lambda work, row: webhooks.delete_webhook(work, row.id),
    home_optional=True,
)
