"""Schemas of the document as Python types."""

import keyword
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any, Final, NamedTuple

Schema = Mapping[str, Any]
_REFERENCE: Final = "#/components/schemas/"
_PLAIN: Final = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
}
_HEAD: Final = '''\
"""What the management API takes and gives: an object each, by the fields it has.

Written by `make client-shapes` from the API's OpenAPI document; not by hand.
"""

from typing import Any, Literal, NotRequired, TypedDict
'''


def name_of(reference: str) -> str:
    """The type's name: a `KeyOut` of the document is a `Key`."""
    return reference.removeprefix(_REFERENCE).removesuffix("Out")


def in_answers(schema: Schema, module: str = "") -> str:
    """The type of a value that the API gives; `module` is where shapes are."""
    return _typed(schema, _Forms("list[{}]", module + "{}", "dict[str, {}]"))


def in_requests(schema: Schema, module: str) -> str:
    """The type of a value that the API takes: any sequence will do, and any mapping."""
    one = f"{module}{{}} | Mapping[str, Any]"
    return _typed(schema, _Forms("Sequence[{}]", one, "Mapping[str, {}]"))


class _Forms(NamedTuple):
    """How an array, an object of a shape and one of no shape are written."""

    array: str
    one: str
    free: str


def _typed(schema: Schema, forms: _Forms) -> str:
    if "$ref" in schema:
        return forms.one.format(name_of(schema["$ref"]))
    if "const" in schema or "enum" in schema:
        values = [schema["const"]] if "const" in schema else schema["enum"]
        return f"Literal[{', '.join(map(repr, values))}]"
    for several in ("anyOf", "oneOf"):
        if several in schema:
            found = [_typed(below, forms) for below in schema[several]]
            return " | ".join(dict.fromkeys(" | ".join(found).split(" | ")))
    kind = schema.get("type")
    if kind == "array":
        return forms.array.format(_typed(schema.get("items", {}), forms))
    if kind == "object":
        below = schema.get("additionalProperties")
        kind = _typed(below, forms) if isinstance(below, Mapping) else "Any"
        return forms.free.format(kind)
    return _PLAIN.get(str(kind), "Any")


def references(value: object) -> Iterator[str]:
    """The names of all schemas that a part of the document speaks of."""
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].removeprefix(_REFERENCE)
        value = list(value.values())
    if isinstance(value, list):
        for below in value:
            yield from references(below)


def render(told: Mapping[str, Any], wanted: Iterable[str]) -> str:
    """The module of all shapes that are wanted, and of those in them."""
    schemas: Mapping[str, Schema] = told["components"]["schemas"]
    found: dict[str, set[str]] = {}
    waiting = sorted(wanted)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = set(references(schemas[name])) - {name}
            waiting += sorted(found[name])
    graph = {name: sorted(found[name]) for name in sorted(found)}
    order = TopologicalSorter(graph).static_order()
    return "\n\n".join([_HEAD, *(_shape(name, schemas[name]) for name in order)]) + "\n"


def _shape(name: str, schema: Schema) -> str:
    fields = schema.get("properties", {})
    lines = [f"class {name_of(name)}(TypedDict):", *_words(schema.get("description", ""))]
    for field, below in fields.items():
        if not field.isidentifier() or keyword.iskeyword(field):
            raise ValueError(f"{name}.{field} is no name for a field in Python")
        kind = in_answers(below)
        given = field in schema.get("required", ())
        lines.append(f"    {field}: {kind if given else f'NotRequired[{kind}]'}")
    return "\n".join(lines if len(lines) > 1 else [*lines, "    pass"])


def _words(text: str) -> list[str]:
    """A docstring, no line of it too long."""
    if not text:
        return []
    told = "\n\n".join(
        "\n".join(textwrap.wrap(part, 80)) for part in text.strip().split("\n\n")
    )
    ended = f'"""{told}\n"""' if "\n" in told else f'"""{told}"""'
    return [*textwrap.indent(ended, "    ").splitlines(), ""]
