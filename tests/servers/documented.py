"""Answers of the management API, as its own document has them."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Answer = tuple[int, Any]
Schema = Mapping[str, Any]
_PLAIN: Final = {"string": "text", "boolean": True, "null": None}


def answering(told: Mapping[str, Any]) -> Callable[[str, str], Answer]:
    """Gives each documented operation's answer, made up from its schema."""
    operations = [
        (method.upper(), re.compile(re.sub(r"{\w+}", "[^/]+", path)), operation)
        for path, methods in sorted(told["paths"].items(), key=lambda one: "{" in one[0])
        for method, operation in methods.items()
    ]

    def answer(method: str, path: str) -> Answer:
        for asked, pattern, operation in operations:
            if asked == method and pattern.fullmatch(path):
                return _answer(operation, told)
        return 200, {"allowed": True}  # the gateway's verify is documented elsewhere

    return answer


def _answer(operation: Mapping[str, Any], told: Mapping[str, Any]) -> Answer:
    responses = operation["responses"]
    status = next(code for code in responses if code.startswith("2"))
    content = responses[status].get("content", {})
    if "application/json" in content:
        return int(status), made_up(content["application/json"]["schema"], told)
    return int(status), {"id": "one_1"} if content else None


def made_up(schema: Schema, told: Mapping[str, Any]) -> Any:
    """A value that the schema allows: every field is there, every list has one."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return made_up(told["components"]["schemas"][name], told)
    if "const" in schema:
        return schema["const"]
    for listed in ("enum", "examples"):
        if schema.get(listed):
            return schema[listed][0]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return made_up(schema[several][0], told)
    kind = schema.get("type")
    if kind == "array":
        return [made_up(schema.get("items", {}), told)]
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind in _PLAIN:
        return _PLAIN[kind]
    fields = {
        name: made_up(below, told) for name, below in schema.get("properties", {}).items()
    }
    return fields | ({"next_cursor": None} if "next_cursor" in fields else {})
