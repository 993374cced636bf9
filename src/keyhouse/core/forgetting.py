"""What a guard elsewhere may remember, and how it is told to forget.

A refusal that is no matter of time or counting stands until one of the parts
behind it changes. A guard is told a token for each of them, and later, of
every change, the token alone: it recognises what it holds, and learns of
everything else no more than that something changed.
"""

from base64 import urlsafe_b64encode
from hashlib import blake2b
from typing import Final

from keyhouse.core.decision import Decision
from keyhouse.core.records import Line, PartRef
from keyhouse.core.verdict import Verdict

STANDING: Final = frozenset(
    (
        Verdict.DISABLED,
        Verdict.REVOKED,
        Verdict.EXPIRED,
        Verdict.ENVIRONMENT_MISMATCH,
        Verdict.API_NOT_ALLOWED,
        Verdict.IP_NOT_ALLOWED,
        Verdict.REFERRER_NOT_ALLOWED,
        Verdict.ENDPOINT_NOT_ALLOWED,
        Verdict.SCOPE_MISSING,
        Verdict.SUBSCRIPTION_INACTIVE,
    )
)
"""Refusals that the same request meets again for as long as nothing changes.

No answer that lets a request pass is among them: each of those is counted.
"""
STANDING_FOR_ALL: Final = frozenset((Verdict.DISABLED, Verdict.REVOKED, Verdict.EXPIRED))
"""Those of them that meet every request with the same secret for the same API."""

_TOKEN_BYTES: Final = 9
_PERSON: Final = b"keyhouse-forget"


def forget_token(key: bytes, asker_id: str, part: PartRef) -> str:
    """The name of a part to one asker: 12 characters that tell nothing without `key`.

    Each asker has names of its own, so that no two can compare theirs.
    """
    text = f"{asker_id} {part.kind} {part.id}".encode()
    return _told(blake2b(text, digest_size=_TOKEN_BYTES, key=key, person=_PERSON))


def log_name(key: bytes) -> str:
    """Names what tokens are made with: under another name, none of them holds."""
    return _told(blake2b(digest_size=_TOKEN_BYTES, key=key, person=_PERSON))


def parts_behind(decision: Decision) -> tuple[PartRef, ...]:
    """The parts on which a standing refusal rests; none for any other decision."""
    line = decision.line
    if line is None or decision.verdict not in STANDING:
        return ()
    return parts_of(line)


def parts_of(line: Line) -> tuple[PartRef, ...]:
    """All that a line is made of: where one of them changes, so may the line."""
    key, api, token = line.key, line.api, line.token
    parts = [
        PartRef("key", key.id),
        PartRef("application", key.application_id),
        PartRef("project", key.project_id),
        PartRef("organization", key.organization_id),
        PartRef("api", api.id),
        PartRef("project", api.project_id),
        PartRef("organization", api.organization_id),
    ]
    if line.customer is not None:
        parts.append(PartRef("customer", line.customer.id))
    if line.subscription is not None:
        parts.append(PartRef("subscription", line.subscription.id))
        parts.append(PartRef("plan", line.subscription.plan_id))
    if token is not None:
        # It may have been minted by another key than the one that came with it.
        parts.append(PartRef("key", token.key_id))
        parts.append(PartRef("tokens", token.application_id))
    return tuple(dict.fromkeys(parts))


def _told(hashed: blake2b) -> str:
    return urlsafe_b64encode(hashed.digest()).decode("ascii")
