"""YAML as JSON has it: no tag, no anchor, no alias, no key twice, within bounds.

The text is read event by event, and a tree is built of nothing but objects
with text keys, lists, texts, numbers, true, false and null. What looks like a
date or like `yes` is a text. What means another thing than a text here means
no text to the writer either, so that all that is written is read the same.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

BYTES_MAX: Final = 1 << 20
DEPTH_MAX: Final = 16
NODES_MAX: Final = 200_000
_WIDTH: Final = 100
_CONSTANTS: Final[dict[str, bool | None]] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "false": False,
}
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})")
_FLOAT: Final = re.compile(r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?")
_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(Exception):
    """The text is no document; says why, and in which line."""


def read_yaml(text: str) -> object:
    """What the text says. Raises Unreadable, in words for its author."""
    if len(text.encode("utf-8", "replace")) > BYTES_MAX:
        raise Unreadable(f"it has more than {BYTES_MAX} bytes; apply it in parts")
    if text.lstrip().startswith("{"):
        return _read_json(text)
    try:
        return _Tree(yaml.parse(text, Loader=_Loader)).document()
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise Unreadable(f"it is no YAML: {error.problem}{line}") from None
    except yaml.YAMLError:
        raise Unreadable("it is no YAML: it has characters that may not be in it") from None


def write_yaml(value: object) -> str:
    """The value as YAML in blocks; keys stay in their order."""
    told: str = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=_WIDTH,
    )
    return told


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc] # either
    """Writes what comes twice twice."""

    def ignore_aliases(self, _: object) -> bool:
        """All of them."""
        return True


def _read_json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "it is nested too deeply"
        raise Unreadable(f"it is no JSON: {reason}") from None


class _Tree:
    """The one document of a stream of events."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._nodes = 0

    def document(self) -> object:
        """The tree. Raises Unreadable where there is no document, or a second."""
        next(self._events)
        start = next(self._events)
        if not isinstance(start, yaml.DocumentStartEvent):
            raise Unreadable("it is empty")
        found = self._node(next(self._events), 0)
        next(self._events)
        if not isinstance(next(self._events), yaml.StreamEndEvent):
            raise Unreadable("it holds more than one document")
        return found

    def _node(self, event: Any, depth: int) -> object:  # noqa: ANN401 - any event
        line = event.start_mark.line + 1
        self._nodes += 1
        if self._nodes > NODES_MAX or depth > DEPTH_MAX:
            raise Unreadable(f"it is too large or too deep in line {line}")
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise Unreadable(f"it has an anchor or alias in line {line}: write it out")
        if event.tag is not None:
            raise Unreadable(f"it has a tag in line {line}: leave it out")
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event.value) if event.implicit[0] else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return list(self._items(yaml.SequenceEndEvent, depth))
        return self._mapping(depth)

    def _items(self, end: type[Any], depth: int) -> Iterator[object]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield self._node(event, depth + 1)

    def _mapping(self, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            line = event.start_mark.line + 1
            name = event.value if isinstance(event, yaml.ScalarEvent) else None
            if self._node(event, depth) is None or name is None:
                raise Unreadable(f"a name in line {line} is no text")
            if name in found:
                raise Unreadable(f"{name!r} is there twice in line {line}")
            found[name] = self._node(next(self._events), depth + 1)
        return found


def _scalar(text: str) -> object:
    """What a text without quotes means."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
