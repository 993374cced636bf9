"""What requests and answers about webhooks hold."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from keyhouse.core.entities import Delivery, Webhook
from keyhouse.doors.api.models import UNSET_FLAG, UNSET_TEXT, Body, ListQuery, Word
from keyhouse.doors.api.times import ToldTime, format_optional, format_time
from keyhouse.services.webhooks import MadeWebhook, WebhookChanges, WebhookWish

_BODY = "06TbZQ2dGmM8vXk1cPqRst"
_AT = "2026-03-01T09:30:00Z"
_URL = "https://example.com/hooks/keyhouse"
_EVENTS: list[JsonValue] = ["key.revoked", "quota.reached"]
Kinds = Annotated[
    list[str], Field(description="Kinds of events, or `*` alone for all of them.")
]


def _example(**fields: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


class WebhookBody(Body):
    """A new endpoint. Without a project it hears of the whole organization."""

    url: str = Field(description="https, or http to this machine itself.")
    events: Kinds
    name: str = Field("Webhook", description="For you, to know it by.")
    project: str | None = Field(None, description="Only what happens in this project.")
    model_config = _example(url=_URL, events=_EVENTS, name="Accounting")


class WebhookChange(Body):
    """What may change of an endpoint. Events that are given replace all of its."""

    url: str = UNSET_TEXT
    events: Kinds = Field(default_factory=list)
    name: str = UNSET_TEXT
    disabled: bool = UNSET_FLAG
    model_config = _example(events=["*"], disabled=False)


class SecretRotationBody(Body):
    """A new secret for an endpoint; the one before signs as well for the overlap."""

    overlap_seconds: int = Field(
        86_400, description="0 ends the old secret at once; at most 31 days (2678400)."
    )
    model_config = _example(overlap_seconds=86_400)


class WebhooksQuery(ListQuery):
    """Which endpoints."""

    project: Word | None = None


class DeliveriesQuery(ListQuery):
    """Which deliveries."""

    state: Word | None = Field(None, description="pending, delivered or failed.")


class WebhookOut(BaseModel):
    """An endpoint; no answer but that of creating or rotating tells its secret.

    `failing_since` is since when nothing got through; `old_secret_ends_at`
    until when an older secret signs as well.
    """

    id: str
    name: str
    url: str
    events: list[str]
    project: str | None
    disabled_at: ToldTime | None
    disabled_because: Literal["switched_off", "failing", "gone"] | None
    failing_since: ToldTime | None
    old_secret_ends_at: ToldTime | None
    created_at: ToldTime
    updated_at: ToldTime


_WEBHOOK: dict[str, JsonValue] = {
    "id": f"whk_{_BODY}",
    "name": "Accounting",
    "url": _URL,
    "events": _EVENTS,
    "project": None,
    "disabled_at": None,
    "disabled_because": None,
    "failing_since": None,
    "old_secret_ends_at": None,
    "created_at": _AT,
    "updated_at": _AT,
}
WebhookOut.model_config["json_schema_extra"] = {"examples": [_WEBHOOK]}


class WebhookMadeOut(WebhookOut):
    """An endpoint with its new secret, which no other answer holds.

    In the replay of an earlier answer `secret` is null.
    """

    secret: str | None
    secret_already_shown: bool
    model_config = _example(
        **_WEBHOOK,
        # That of the published test vector.
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",  # noqa: S106  (an example)
        secret_already_shown=False,
    )


class DeliveryOut(BaseModel):
    """An event on its way to an endpoint; `event` is its `webhook-id` there.

    `status`, `error` and `answer` (its first bytes) are of the last attempt.
    """

    id: str
    webhook: str
    event: str
    type: str
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    next_at: ToldTime | None
    last_at: ToldTime | None
    status: int | None
    error: str
    answer: str
    created_at: ToldTime
    model_config = _example(
        id=f"dlv_{_BODY}",
        webhook=f"whk_{_BODY}",
        event=f"evt_{_BODY}",
        type="key.revoked",
        state="pending",
        attempts=1,
        next_at="2026-03-01T09:30:05Z",
        last_at=_AT,
        status=503,
        error="",
        answer="try again later",
        created_at=_AT,
    )


def webhook_wish(body: WebhookBody) -> WebhookWish:
    """What a request says of a new endpoint."""
    return WebhookWish(body.url, tuple(body.events), body.name, body.project)


def webhook_changes(body: WebhookChange) -> WebhookChanges:
    """What a request changes of an endpoint."""
    came = body.model_fields_set
    given: WebhookChanges = {}
    if "url" in came:
        given["url"] = body.url
    if "events" in came:
        given["events"] = tuple(body.events)
    if "name" in came:
        given["name"] = body.name
    if "disabled" in came:
        given["disabled"] = body.disabled
    return given


def webhook_out(row: Webhook) -> WebhookOut:
    """An endpoint's row without its secret, told."""
    because = row.disabled_because
    return WebhookOut(
        id=row.id,
        name=row.name,
        url=row.url,
        events=list(row.events),
        project=row.project_id,
        disabled_at=format_optional(row.disabled_at),
        disabled_because=None if because is None else because.value,
        failing_since=format_optional(row.failing_since),
        old_secret_ends_at=format_optional(row.old_ends_at),
        created_at=format_time(row.created_at),
        updated_at=format_time(row.updated_at),
    )


def made_out(made: MadeWebhook) -> WebhookOut:
    """As `webhook_out`; the secret is added where it may be told."""
    return webhook_out(made.webhook)


def delivery_out(row: Delivery) -> DeliveryOut:
    """A delivery's row, told."""
    return DeliveryOut(
        id=row.id,
        webhook=row.webhook_id,
        event=row.event_id,
        type=row.kind,
        state=row.state.value,
        attempts=row.attempts,
        next_at=format_optional(row.next_at),
        last_at=format_optional(row.last_at),
        status=row.status,
        error=row.error,
        answer=row.answer,
        created_at=format_time(row.at),
    )
