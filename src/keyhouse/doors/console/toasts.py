"""A toast: one short sentence about what was done, and a way back where there is one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Undo:
    """A form that takes back what was done: posted to `url` with these fields."""

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)
    label: str = "Undo"


def toast_of(text: str, undo: Undo | None = None) -> dict[str, Any]:
    """The toast as JSON tells it, for a cookie or a header."""
    told: dict[str, Any] = {"text": text}
    if undo is not None:
        told["undo"] = {"url": undo.url, "fields": dict(undo.fields), "label": undo.label}
    return told
