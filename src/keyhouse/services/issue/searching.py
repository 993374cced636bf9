"""Finding keys by a text: a part of a name or hint, or a whole secret."""

from keyhouse.core import secret as secrets
from keyhouse.core.entities import Key, SecretRow
from keyhouse.ports import Search
from keyhouse.services.work import Look


def is_secret(text: str) -> bool:
    """Whether a text has the shape of a whole secret, be it mistyped."""
    return secrets.looks_like_ours(text.encode("utf-8", "replace"))


def holds_secret(text: str) -> bool:
    """Whether there is a secret anywhere in a text: then it is for no log."""
    return secrets.holds_ours(text.encode("utf-8", "replace"))


def secret_row(look: Look, text: str) -> SecretRow | None:
    """What is kept of a whole secret, under whichever pepper."""
    raw = text.encode("utf-8", "replace")
    if not secrets.is_well_formed(raw):
        return None
    for pepper in look.keyring.peppers:
        found = look.tx.find(
            SecretRow,
            namespace="",
            algorithm=secrets.ALGORITHM,
            pepper_id=pepper.id,
            digest=secrets.digest(raw, pepper.key),
        )
        if found:
            return found[0]
    return None


def in_name_or_hint(part: str) -> Search:
    """Keys with `part` in their name or in the hint of one of their secrets."""
    return Search(part, "name", SecretRow, "key_id", "hint")


def searched(look: Look, keys: list[Key], part: str) -> list[Key]:
    """Those of `keys` that `in_name_or_hint` would find."""
    part = part.lower()
    rest = tuple(key.id for key in keys if part not in key.name.lower())
    if not rest:
        return keys
    rows = look.tx.find(SecretRow, key_id=rest)
    hinted = {row.key_id for row in rows if part in row.hint.lower()}
    return [key for key in keys if key.id not in rest or key.id in hinted]
