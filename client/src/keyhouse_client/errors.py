"""What can go wrong between a program and Keyhouse.

KeyhouseError           catch it where any failure means the same
├── ProblemError        Keyhouse answered, and refused
└── Unreachable         no answer came, also not after the repeats
"""

from collections.abc import Iterator, Mapping
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
        self.code = _text(body, "code")
        self.title = _text(body, "title", f"HTTP {status}")
        self.detail = _text(body, "detail")
        self.request_id = _text(body, "request_id", request_id)
        self.errors = tuple(_field_errors(body.get("errors")))
        super().__init__(self._told())

    def __reduce__(self) -> tuple[type["ProblemError"], tuple[Any, ...], dict[str, Any]]:
        # An exception is made anew from its text alone: between processes it was lost.
        errors = [one._asdict() for one in self.errors]
        body = {"code": self.code, "title": self.title, "detail": self.detail}
        made_of = (self.status, {**body, "errors": errors}, self.request_id)
        return type(self), made_of, self.__dict__

    def _told(self) -> str:
        lines = [
            f"{self.status} {self.title}" + (f": {self.detail}" if self.detail else "")
        ]
        for field, reason, mend in self.errors:
            lines.append(f"  {field}: {reason}" + (f" ({mend})" if mend else ""))
        return "\n".join(lines)


def _text(body: Mapping[str, Any], name: str, otherwise: str = "") -> str:
    found = body.get(name)
    return otherwise if found is None else str(found)


def _field_errors(found: object) -> Iterator[FieldError]:
    """Those that are told as Keyhouse does: a proxy on the way has a form of its own."""
    for item in found if isinstance(found, list) else ():
        if isinstance(item, Mapping):
            yield FieldError(*(_text(item, name) for name in FieldError._fields))
