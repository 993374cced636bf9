"""A POST that is sent twice is done once."""

from keyhouse.services.idempotency.commands import (
    Once,
    Outcome,
    Shaped,
    once,
    repeatable,
    replayed,
)

__all__ = ["Once", "Outcome", "Shaped", "once", "repeatable", "replayed"]
