"""Making and changing endpoints, and having something sent to them."""

from typing import Any, NamedTuple, TypedDict

from keyhouse.core import ids
from keyhouse.core.entities import (
    Delivery,
    DisabledBecause,
    Event,
    Project,
    Webhook,
)
from keyhouse.core.validation import (
    Problem,
    check_event_kinds,
    check_name,
    check_number,
    check_webhook_url,
)
from keyhouse.core.webhooks import (
    OVERLAP_SECONDS_MAX,
    WEBHOOKS_MAX,
    told_secret,
    told_url,
)
from keyhouse.services.events.announcing import deliver
from keyhouse.services.refusals import Forbidden, Invalid, NotFound, Taken, refuse
from keyhouse.services.webhooks.queries import (
    WRITE,
    holds,
    own_delivery,
    reached_webhook,
)
from keyhouse.services.webhooks.sealing import new_secret
from keyhouse.services.work import Work

_SECOND_US = 1_000_000
_TEST = "webhook.test"


class WebhookWish(NamedTuple):
    """A new endpoint. Without a project it hears of the whole organization."""

    url: str
    events: tuple[str, ...]
    name: str
    project: str | None = None


class WebhookChanges(TypedDict, total=False):
    """What may change of an endpoint; only what is there is changed."""

    url: str
    events: tuple[str, ...]
    name: str
    disabled: bool


class MadeWebhook(NamedTuple):
    """An endpoint, and its new secret as it is shown this one time."""

    webhook: Webhook
    secret: str


def create_webhook(work: Work, wish: WebhookWish) -> MadeWebhook:
    """A new endpoint, with its signing secret."""
    project = _project(work, wish.project)
    refuse(_check(work, {"url": wish.url, "events": wish.events, "name": wish.name}))
    organization = work.actor.organization_id
    if len(work.tx.find(Webhook, organization_id=organization)) >= WEBHOOKS_MAX:
        mend = "delete one first, or have one told of more"
        raise Taken("webhooks", f"are {WEBHOOKS_MAX} already", mend)
    id = work.new_id(ids.WEBHOOK)
    raw, sealed = new_secret(work, id)
    webhook = Webhook(
        id=id,
        organization_id=organization,
        project_id=project,
        name=wish.name,
        url=wish.url,
        events=wish.events,
        sealing_key_id=sealed.key_id,
        sealed=sealed.content,
        created_at=work.now_us,
        updated_at=work.now_us,
    )
    work.tx.insert(webhook)
    told = {"name": wish.name, "url": told_url(wish.url), "events": list(wish.events)}
    work.note("webhook.create", id, after={**told, "project_id": project})
    return MadeWebhook(webhook, told_secret(raw))


def change_webhook(work: Work, id: str, changes: WebhookChanges) -> Webhook:
    """Change an endpoint; to switch one on again is to begin anew with its failures."""
    webhook = reached_webhook(work, WRITE, id)
    refuse(_check(work, changes))
    wanted: dict[str, Any] = {k: v for k, v in changes.items() if k != "disabled"}
    disabled = changes.get("disabled")
    if disabled is True and webhook.disabled_at is None:
        wanted["disabled_at"] = work.now_us
        wanted["disabled_because"] = DisabledBecause.SWITCHED_OFF
    if disabled is False:
        wanted |= {"disabled_at": None, "disabled_because": None, "failing_since": None}
    real = {name: new for name, new in wanted.items() if getattr(webhook, name) != new}
    if not real:
        return webhook
    new = work.tx.update(webhook, **real, updated_at=work.now_us)
    before = {name: _told(name, getattr(webhook, name)) for name in real}
    after = {name: _told(name, value) for name, value in real.items()}
    work.note("webhook.change", id, before, after)
    return new


def delete_webhook(work: Work, id: str) -> None:
    """Delete an endpoint. What was on its way to it is sent no more."""
    webhook = reached_webhook(work, WRITE, id)
    work.tx.remove(webhook)
    told = {"name": webhook.name, "url": told_url(webhook.url)}
    work.note("webhook.delete", id, before={**told, "project_id": webhook.project_id})


def rotate_webhook(work: Work, id: str, overlap_seconds: int) -> MadeWebhook:
    """Give an endpoint a new secret; the one before signs as well for the overlap.

    A secret that signed beside that one signs no more: there are never three.
    """
    webhook = reached_webhook(work, WRITE, id)
    refuse(check_number("overlap_seconds", overlap_seconds, 0, OVERLAP_SECONDS_MAX))
    raw, sealed = new_secret(work, id)
    goes_on = overlap_seconds > 0
    new = work.tx.update(
        webhook,
        sealing_key_id=sealed.key_id,
        sealed=sealed.content,
        old_sealing_key_id=webhook.sealing_key_id if goes_on else None,
        old_sealed=webhook.sealed if goes_on else None,
        old_ends_at=work.now_us + overlap_seconds * _SECOND_US if goes_on else None,
        updated_at=work.now_us,
    )
    work.note("webhook.rotate", id, after={"overlap_seconds": overlap_seconds})
    return MadeWebhook(new, told_secret(raw))


def send_test(work: Work, id: str) -> Delivery:
    """Have an event of the kind `webhook.test` sent to an endpoint."""
    webhook = _sent_to(reached_webhook(work, WRITE, id))
    event = Event(
        id=work.new_id(ids.EVENT),
        organization_id=webhook.organization_id,
        kind=_TEST,
        at=work.now_us,
        data={
            "webhook": webhook.id,
            "organization": webhook.organization_id,
            "project": webhook.project_id,
            "actor": work.actor.id,
        },
    )
    work.tx.insert(event)
    made = deliver(work.tx, event, webhook, work.now_us, work.new_id)
    work.note("webhook.test", id, after={"delivery": made.id})
    return made


def replay_delivery(work: Work, id: str, delivery: str) -> Delivery:
    """Have the event of a delivery sent once more, under its own id as before."""
    webhook = _sent_to(reached_webhook(work, WRITE, id))
    row = own_delivery(work, webhook, delivery)
    event = work.tx.get(Event, row.event_id)
    if event is None:
        raise NotFound("event")
    made = deliver(work.tx, event, webhook, work.now_us, work.new_id)
    work.note("webhook.replay", id, after={"event": event.id, "delivery": made.id})
    return made


def _sent_to(webhook: Webhook) -> Webhook:
    if webhook.disabled_at is not None:
        raise Taken("webhook", "is disabled", "enable it first")
    return webhook


def _project(work: Work, id: str | None) -> str | None:
    """The project of a new endpoint; without one it needs the whole organization."""
    reach = work.actor.reach(WRITE)
    if id is None:
        if not holds(reach, None):
            raise Forbidden(WRITE, " for the whole organization, unless a project is named")
        return None
    try:
        project = work.own(Project, id)
    except NotFound:
        project = None
    if project is None or not holds(reach, project.id):
        mend = "name a project of yours; GET /v1/projects lists them"
        raise Invalid([Problem("project", "is not known", mend)])
    return project.id


def _check(work: Work, fields: WebhookChanges) -> list[Problem]:
    problems: list[Problem] = []
    if "name" in fields:
        problems += check_name("name", fields["name"])
    if "url" in fields:
        private = work.placing.webhook_private
        problems += check_webhook_url("url", fields["url"], private=private)
    if "events" in fields:
        problems += check_event_kinds("events", fields["events"])
    return problems


def _told(name: str, value: object) -> object:
    """A field as the audit tells it: of an address only whose it is."""
    if name == "url":
        return told_url(str(value))
    return list(value) if isinstance(value, tuple) else value
