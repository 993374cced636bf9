"""The resources as both clients offer them, with the types of what comes back.

Each method of `keyhouse_client.resources` is called once, with a sender that
keeps the call; the document tells what that operation takes and gives.
"""

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from types import NoneType, UnionType
from typing import (
    Any,
    Final,
    Literal,
    NamedTuple,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from client.generate.shapes import in_answers, in_requests, references
from keyhouse_client.calls import Call
from keyhouse_client.resources import Resources

_SHAPES: Final = "shapes."
_HOLE: Final = "hole"
_PAGED: Final = {"limit", "cursor"}
_HEAD: Final = '''\
"""The resources with the types of their answers, for Client and for AsyncClient.

Written by `make client-shapes` from `resources.py` and the API's OpenAPI
document; not by hand. At run time both are `resources.Resources`.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Literal

from keyhouse_client import shapes
from keyhouse_client.answers import {answers}
'''


class Sent(NamedTuple):
    """What a method handed to its sender."""

    kind: str
    call: Call


class Recorder:
    """A sender that says what it was to send."""

    def one(self, call: Call) -> Sent:
        """One object is wanted."""
        return Sent("one", call)

    def listed(self, call: Call) -> Sent:
        """One page is."""
        return Sent("listed", call)

    def each(self, call: Call) -> Sent:
        """All objects of all pages are."""
        return Sent("each", call)

    def lines(self, call: Call) -> Sent:
        """All objects of a streamed answer are."""
        return Sent("lines", call)

    def nothing(self, call: Call) -> Sent:
        """Nothing is."""
        return Sent("nothing", call)


class Made(NamedTuple):
    """The module, and the schemas that it speaks of."""

    text: str
    schemas: set[str]


def render(told: Mapping[str, Any]) -> Made:
    """The stub of all resources."""
    writer = _Writer(told)
    top = dict(vars(Resources(Recorder())))
    classes: list[str] = []
    for prefix in ("", "Async"):
        for name, resource in top.items():
            classes += writer.resource(prefix, _camel(name), resource)
        classes.append(_all(prefix, top))
    text = "\n\n".join(classes) + "\n"
    answers = "Json, Page" if re.search(r"\bJson\b", text) else "Page"
    return Made(f"{_HEAD.format(answers=answers)}\n\n{text}", writer.spoken_of)


def _all(prefix: str, top: Mapping[str, object]) -> str:
    words = f'    """All resources of the management API, for {prefix}Client."""'
    lines = [
        f"class {prefix}Resources:",
        words,
        "    def __init__(self, sender: object) -> None: ...",
    ]
    lines += [f"    {name}: {prefix}{_camel(name)}" for name in top]
    return "\n".join(lines)


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


class _Writer:
    def __init__(self, told: Mapping[str, Any]) -> None:
        self.spoken_of: set[str] = set()
        self._told = told
        self._paths = [
            (re.compile(re.sub(r"{\w+}", "[^/]+", path)), methods)
            for path, methods in sorted(
                told["paths"].items(), key=lambda one: one[0].count("{")
            )
        ]

    def resource(self, prefix: str, name: str, resource: object) -> Iterator[str]:
        """Its class, behind those of what hangs below it."""
        doc = inspect.getdoc(type(resource)) or ""
        lines = [f"class {prefix}{name}:", _docstring(doc, "    "), ""]
        for method_name, method in inspect.getmembers(resource, inspect.ismethod):
            if method_name.startswith("_"):
                continue
            outcome = _called(method)
            if isinstance(outcome, Sent):
                lines.append(self._method(prefix, method, outcome))
            else:
                below = f"{name}{_camel(method_name)}"
                yield from self.resource(prefix, below, outcome)
                given = ", ".join(_explicit(method))
                lines.append(
                    f"    def {method_name}(self, {given}) -> {prefix}{below}:\n"
                    + _docstring(inspect.getdoc(method) or "", " " * 8)
                )
        yield "\n".join(lines)

    def _method(self, prefix: str, method: Callable[..., Any], sent: Sent) -> str:
        operation = self._operation(sent.call)
        parts = ["self", *_explicit(method), *self._more(method, sent, operation)]
        if "*" in parts:  # once, before all that are given by name
            star = parts.index("*")
            parts = [*parts[: star + 1], *(one for one in parts[star + 1 :] if one != "*")]
        answer = self._answer(sent, operation)
        gives = {
            "one": answer,
            "listed": f"Page[{answer}]",
            "each": f"{prefix}Iterator[{answer}]",
            "lines": f"{prefix}Iterator[{answer}]",
            "nothing": "None",
        }[sent.kind]
        waits = "async " if prefix and sent.kind not in ("each", "lines") else ""
        head = f"    {waits}def {method.__name__}({', '.join(parts)}) -> {gives}:\n"
        return head + _docstring(inspect.getdoc(method) or "", " " * 8)

    def _operation(self, call: Call) -> Mapping[str, Any]:
        for pattern, methods in self._paths:
            if call.method.lower() in methods and pattern.fullmatch(call.path):
                found: Mapping[str, Any] = methods[call.method.lower()]
                return found
        raise LookupError(f"{call.method} {call.path} is not in the document")

    def _more(
        self, method: Callable[..., Any], sent: Sent, operation: Mapping[str, Any]
    ) -> Iterator[str]:
        """What `**fields` may be: the query's parameters, or the body's fields."""
        parameters = inspect.signature(method).parameters
        if not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
            return
        fields, required = self._fields(sent, operation)
        told = {name: one for name, one in fields.items() if name not in parameters}
        if told:
            yield "*"
        for name, schema in told.items():
            self.spoken_of |= set(references(schema))
            kind = in_requests(schema, _SHAPES)
            if name in required:
                yield f"{name}: {kind}"
            else:
                yield f"{name}: {kind if 'None' in kind else f'{kind} | None'} = ..."

    def _fields(
        self, sent: Sent, operation: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], set[str]]:
        content = operation.get("requestBody", {}).get("content", {})
        if sent.call.method == "GET" or "application/json" not in content:
            asked = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
            hidden = _PAGED if sent.kind == "each" else set()
            found = {one["name"]: one["schema"] for one in asked}
            return {name: one for name, one in found.items() if name not in hidden}, set()
        (name,) = references(content["application/json"]["schema"])
        schema = self._told["components"]["schemas"][name]
        return schema.get("properties", {}), set(schema.get("required", ()))

    def _answer(self, sent: Sent, operation: Mapping[str, Any]) -> str:
        """The type of the object, or of one of the list's."""
        if sent.kind == "lines":
            # A stream has one row of the list beside it a line.
            beside = sent.call.path.rpartition("/")[0]
            operation = self._operation(Call("GET", beside))
        schema = _given(operation)
        if sent.kind != "one" and schema is not None:
            (page,) = references(schema)
            fields = self._told["components"]["schemas"][page]["properties"]
            schema = fields["data"]["items"]
        if schema is None:
            return "Json"
        self.spoken_of |= set(references(schema))
        kind = in_answers(schema, _SHAPES)
        return "Json" if kind in ("Any", "dict[str, Any]") else kind


def _given(operation: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of the answer that is no refusal, None where it has none."""
    for status, response in operation["responses"].items():
        content = response.get("content", {}) if status.startswith("2") else {}
        if "application/json" in content:
            schema: Mapping[str, Any] = content["application/json"]["schema"]
            return schema
    return None


def _called(method: Callable[..., Any]) -> Any:  # noqa: ANN401  (a resource, or what was sent)
    """Call it with something for all that it demands."""
    hints = get_type_hints(method)
    places: list[object] = []
    names: dict[str, object] = {}
    for name, one in inspect.signature(method).parameters.items():
        if one.default is not one.empty or one.kind is one.VAR_KEYWORD:
            continue
        something = _something(hints[name])
        if one.kind is one.KEYWORD_ONLY:
            names[name] = something
        else:
            places.append(something)
    return method(*places, **names)


def _something(hint: Any) -> object:  # noqa: ANN401  (a type as it is written)
    if hint is str:
        return _HOLE
    if hint in (int, float):
        return 1
    return {} if str(hint).startswith("collections.abc.Mapping") else []


def _explicit(method: Callable[..., Any]) -> Iterator[str]:
    """The parameters that have names, as they are written."""
    starred = False
    hints = get_type_hints(method)
    for name, one in inspect.signature(method).parameters.items():
        if one.kind is one.VAR_KEYWORD:
            continue
        if one.kind is one.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        default = "" if one.default is one.empty else " = ..."
        yield f"{name}: {_written(hints[name])}{default}"


def _written(kind: Any) -> str:  # noqa: ANN401  (a type as it is written)
    origin, below = get_origin(kind), get_args(kind)
    if kind is NoneType:
        return "None"
    if origin in (Union, UnionType):
        return " | ".join(map(_written, below))
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, below))}]"
    if origin is not None:
        return f"{origin.__name__}[{', '.join(map(_written, below))}]"
    return str(kind.__name__)


def _docstring(text: str, indent: str) -> str:
    ended = f'"""{text}\n"""' if "\n" in text else f'"""{text}"""'
    return textwrap.indent(ended, indent)
