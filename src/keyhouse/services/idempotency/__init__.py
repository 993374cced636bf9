"""A POST that is sent twice is done once."""

from keyhouse.services.idempotency.commands import Once, Outcome, Shaped, once, repeatable

__all__ = ["Once", "Outcome", "Shaped", "once", "repeatable"]
from keyhouse.services.idempotency.commands import Once, Outcome, Shaped, once, replayed

__all__ = ["Once", "Outcome", "Shaped", "once", "replayed"]
