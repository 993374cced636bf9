"""`/v1/keys`."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from keyhouse.core.validation import Problem
from keyhouse.doors.api import models
from keyhouse.doors.api.answers import (
    KeyCreatedOut,
    KeyOut,
    KeysCreatedOut,
    LimitLeftOut,
    NetworkOut,
    RevokedOut,
    SecretOut,
)
from keyhouse.doors.api.calls import AnyCall, Call, PatchCall, PostCall, operation, turn
from keyhouse.doors.api.explain_shapes import ExplainBody, ExplanationOut
from keyhouse.doors.api.explaining import asked_of, explanation_out
from keyhouse.doors.api.rotation_models import RotationBody
from keyhouse.doors.api.rotation_shapes import overlap
from keyhouse.doors.api.shapes import key_out, limit_left_out, network_out, secret_out
from keyhouse.doors.api.wishes import key_changes, key_wish
from keyhouse.ports import Page
from keyhouse.services import explain, issue, reports
from keyhouse.services.refusals import Invalid
from keyhouse.services.work import Work

router = APIRouter(tags=["Keys"])
_reading = partial(operation, router, "GET", scope=issue.READ)
_writing = partial(operation, router, scope=issue.WRITE)
_finding = partial(operation, router, scope=issue.READ)
_Act = Callable[[Work, str], issue.KeyView]


@_reading("/v1/keys", id="list_keys", answer=KeyOut, many=True)
def list_keys(call: AnyCall, query: Annotated[models.KeysQuery, Query()]) -> Response:
    """Keys, the newest first.

    All filters that are given must hold. Where many keys are passed over for few,
    a page may hold fewer than `limit`; `next_cursor` alone tells the end.
    """
    if issue.holds_secret(query.search or ""):
        mend = "POST it to /v1/keys/find; and rotate the key, for addresses are logged"
        raise Invalid([Problem("search", "holds a whole secret", mend)])
    wanted = issue.KeyFilter(
        name=query.name,
        application=query.application,
        api=query.api,
        state=issue.KeyState(query.state) if query.state else None,
        environment=query.environment,
        project=query.project,
        search=query.search,
        kind=query.kind,
        owner=query.owner,
        customer=query.customer,
        tags=tuple(query.tag),
        created_since=query.created_since,
        used_since=query.used_since,
        unused_since=query.unused_since,
        never_used=query.never_used,
        import_id=query.import_id,
    )
    return call.page(lambda look: issue.list_keys(look, turn(query), wanted), key_out)


@_writing("POST", "/v1/keys", id="create_key", answer=KeyCreatedOut, status=201)
def create_key(call: PostCall, body: models.KeyBody) -> Response:
    """Create a key. Its secret is in this answer and in no other."""
    wish = key_wish(body)
    return call.issued(
        lambda work: issue.create_key(work, wish),
        lambda created: key_out(created.view),
        lambda created: created.issued.secret.reveal(),
    )


@_writing("POST", "/v1/keys/batch", id="create_keys", answer=KeysCreatedOut, status=201)
def create_keys(call: PostCall, body: models.KeysBody) -> Response:
    """Create up to 100 keys: all or none. The secrets are in this answer alone.

    Together they have up to 1000 entries of access.

    What is wrong with one is told with its place, as `keys[3].name`.
    """
    wishes = [key_wish(one) for one in body.keys]
    return call.issued_many(
        lambda work: issue.create_keys(work, wishes),
        lambda created: key_out(created.view),
        lambda created: created.issued.secret.reveal(),
    )


@_writing("POST", "/v1/keys/revoke", id="revoke_keys", answer=RevokedOut)
def revoke_keys(call: PostCall, body: models.RevokeBody) -> Response:
    """Refuse all keys of an application, customer, owner or project for ever.

    Deleted ones too, but not the key that asks. They are revoked some at a
    time; if the call breaks off, the same one again does the rest.
    """
    wish = issue.RevokeWish(**body.model_dump())
    return call.repeated(
        lambda office, actor: issue.revoke_keys(office, actor, wish),
        lambda work, told: issue.note_revoked(work, wish, told),
        lambda told: RevokedOut(**told._asdict()),
    )


@_finding("POST", "/v1/keys/find", id="find_key", answer=KeyOut)
def find_key(call: AnyCall, body: models.SecretBody) -> Response:
    """The key that a secret belongs to, also one that is replaced or refused.

    A POST, so that the secret stands in no address. Nothing is changed.
    """
    return call.one(lambda look: issue.find_key(look, body.secret), key_out)


@_reading("/v1/keys/{id}", id="get_key", answer=KeyOut)
def get_key(call: AnyCall, id: str) -> Response:
    """One key; a deleted one is told too."""
    return call.one(lambda look: issue.get_key(look, id), key_out)


@_writing("PATCH", "/v1/keys/{id}", id="change_key", answer=KeyOut)
def change_key(call: PatchCall, id: str, body: models.KeyChange) -> Response:
    """Change a key. Its kind and environment stay; `transfer` moves it."""
    changes = key_changes(body)
    return call.changed(
        lambda work: issue.change_key(work, id, changes),
        key_out,
        lambda look: issue.get_key(look, id),
    )


@_writing("DELETE", "/v1/keys/{id}", id="delete_key", answer=None, status=204)
def delete_key(call: AnyCall, id: str) -> Response:
    """Put a key away: it is refused and listed no more, until it is restored.

    After 30 days it is removed for good; usage and audit stay.
    """
    return call.gone(lambda work: issue.delete_key(work, id))


@_reading("/v1/keys/{id}/secrets", id="list_secrets", answer=SecretOut, many=True)
def list_secrets(call: AnyCall, id: str) -> Response:
    """The secrets of a key, the newest first: all about them but the strings."""
    return call.page(lambda look: Page(issue.list_secrets(look, id), None), secret_out)


@_writing(
    "DELETE",
    "/v1/keys/{id}/secrets/{secret_id}",
    id="end_secret",
    answer=None,
    status=204,
)
def end_secret(call: AnyCall, id: str, secret_id: str) -> Response:
    """Refuse one secret of a key from now on; the last that works is kept."""
    return call.gone(lambda work: issue.end_secret(work, id, secret_id))


@_writing("POST", "/v1/keys/{id}/rotate", id="rotate_key", answer=KeyCreatedOut, status=201)
def rotate_key(call: PostCall, id: str, body: RotationBody) -> Response:
    """Give a key a new secret, which is in this answer and in no other.

    Id, limits and counts stay. The older secrets work for the overlap at most.
    """
    return call.issued(
        lambda work: issue.rotate_key(
            work, id, overlap(body), on_first_use=body.on_first_use
        ),
        lambda created: key_out(created.view),
        lambda created: created.issued.secret.reveal(),
        place="/v1/keys",
    )


@_reading("/v1/keys/{id}/limits", id="list_limits_left", answer=LimitLeftOut, many=True)
def list_limits_left(call: AnyCall, id: str) -> Response:
    """The limits that count for a key, and what is left of its quotas.

    What the last second or two used may not be in it yet.
    """
    return call.page(lambda look: Page(reports.limits_left(look, id), None), limit_left_out)


@operation(
    router,
    "GET",
    "/v1/keys/{id}/networks",
    id="list_key_networks",
    scope=reports.READ_USAGE,
    answer=NetworkOut,
    many=True,
)
def list_key_networks(call: AnyCall, id: str) -> Response:
    """The networks that the key's calls were let through from, the last seen first.

    The last hundred at most, and none of publishable keys. They are booked twice a day
    and not with each call, so `last_at` may be half a day old.
    """
    return call.page(
        lambda look: Page(reports.networks_of_key(look, id), None), network_out
    )


@_finding("POST", "/v1/keys/{id}/explain", id="explain_key", answer=ExplanationOut)
def explain_key(call: AnyCall, id: str, body: ExplainBody) -> Response:
    """Every reason why a request with this key would be refused, and how to mend it.

    A dry run: nothing is spent, counted or written. What is not told of the
    request is not promised to pass; rates are counted at the gateway, and
    are not looked at. With `token` it is told of a user's token that the key
    minted, for which its claims are enough.
    """
    asked = asked_of(body)
    return call.told(lambda look: explain.explain_key(look, id, asked), explanation_out)


@_writing("POST", "/v1/keys/{id}/enable", id="enable_key", answer=KeyOut)
def enable_key(call: PostCall, id: str) -> Response:
    """Let a disabled key work again."""
    return _done(call, id, issue.enable_key)


@_writing("POST", "/v1/keys/{id}/disable", id="disable_key", answer=KeyOut)
def disable_key(call: PostCall, id: str) -> Response:
    """Refuse a key until it is enabled."""
    return _done(call, id, issue.disable_key)


@_writing("POST", "/v1/keys/{id}/revoke", id="revoke_key", answer=KeyOut)
def revoke_key(call: PostCall, id: str) -> Response:
    """Refuse a key for ever."""
    return _done(call, id, issue.revoke_key)


@_writing("POST", "/v1/keys/{id}/restore", id="restore_key", answer=KeyOut)
def restore_key(call: PostCall, id: str) -> Response:
    """Undo the deletion of a key, up to its `restorable_until`."""
    return _done(call, id, issue.restore_key)


@_writing("POST", "/v1/keys/{id}/transfer", id="transfer_key", answer=KeyOut)
def transfer_key(call: PostCall, id: str, body: models.TransferBody) -> Response:
    """Give a key to another application, and to that one's project.

    Its secrets, access and own limits stay. From now on it counts with the
    application's limits and customer; what was counted before stays there.
    """
    return _done(call, id, partial(issue.transfer_key, application=body.application))


def _done(call: Call, id: str, act: _Act) -> Response:
    return call.done(lambda work: act(work, id), key_out)
