"""Whoever holds a secret may end it: so who finds one can, and need not be known."""

from typing import Final

from keyhouse.core.entities import Key, KeyKind, SecretRow
from keyhouse.services.actor import HOLDER, Actor
from keyhouse.services.issue.searching import secret_row
from keyhouse.services.issue.views import SecretState, secret_state
from keyhouse.services.work import Look, Office, Work

SECRET_LENGTH_MAX: Final = 512
_OVER: Final = (SecretState.REVOKED, SecretState.ENDED)


def revoke_secret(office: Office, secret: str, address: str, request_id: str) -> None:
    """Refuse a secret from now on, if it is one; nothing tells whether it was.

    A key may be left without one that works; its owner rotates it. A
    publishable one stays: everybody who sees the page holds it. `address` and
    `request_id` go into the audit, with the actor `holder`.
    """
    text = secret.strip()
    if len(text) > SECRET_LENGTH_MAX:
        return
    holder = Actor(HOLDER, "", (), address, request_id)
    found = office.read(holder, lambda look: _found(look, text))
    if found is not None:
        secret_id, organization_id = found
        holder = Actor(HOLDER, organization_id, (), address, request_id)
        office.write(holder, lambda work: _end(work, secret_id))


def _found(look: Look, text: str) -> tuple[str, str] | None:
    """The ids of a secret that can be ended so, and of its organization."""
    row = secret_row(look, text)
    key = None if row is None else look.tx.get(Key, row.key_id)
    if row is None or key is None or key.kind is KeyKind.PUBLISHABLE:
        return None
    return row.id, key.organization_id


def _end(work: Work, id: str) -> None:
    row = work.tx.get(SecretRow, id)
    if row is None or secret_state(row, work.now_us) in _OVER:
        return
    work.tx.update(row, revoked_at=work.now_us)
    before, after = {"revoked_at": None}, {"revoked_at": work.now_us}
    work.note("secret.revoke", row.id, before, {**after, "key_id": row.key_id})
