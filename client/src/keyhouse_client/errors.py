"""What can go wrong between a program and Keyhouse.

KeyhouseError           catch it where any failure means the same
├── ProblemError        Keyhouse answered, and refused
└── Unreachable         no answer came, also not after the repeats
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class KeyhouseError(Exception):
    """A call to the management API did not succeed."""


class Unreachable(KeyhouseError):
    """Nobody answered. Whether a write was carried out is not known."""


class FieldError(NamedTuple):
    """One wrong value: where it stands, what is wrong, what would be right."""

    field: str
    reason: str
    mend: str


class ProblemError(KeyhouseError):
    """A refusal, as the answer's problem (RFC 9457) tells it.

    `code` is stable and made for programs; it is '' where the answer was not
    one of Keyhouse's. `request_id` finds the call in the logs.
    """

    def __init__(self, status: int, body: Mapping[str, Any], request_id: str) -> None:
        self.status = status
        self.code = str(body.get("code", ""))
        self.title = str(body.get("title", f"HTTP {status}"))
        self.detail = str(body.get("detail", ""))
        self.request_id = str(body.get("request_id", request_id))
        self.errors = tuple(_field_error(item) for item in body.get("errors") or ())
        super().__init__(self._told())

    def _told(self) -> str:
        lines = [
            f"{self.status} {self.title}" + (f": {self.detail}" if self.detail else "")
        ]
        for field, reason, mend in self.errors:
            lines.append(f"  {field}: {reason}" + (f" ({mend})" if mend else ""))
        return "\n".join(lines)


def _field_error(item: Mapping[str, Any]) -> FieldError:
    return FieldError(*(str(item.get(name, "")) for name in FieldError._fields))
