"""The links of the OpenAPI document: what an answer's ids are good for next.

Made from the paths themselves: what is made or listed at `/v1/keys` is named by
`{id}` below `/v1/keys/`. The tables tell the rest.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

_JSON: Final = "application/json"
_IDS: Final = ("id", "request_id")
_CURSOR: Final = "cursor"
_FIELDS: Final = {
    "api": "/v1/apis",
    "application": "/v1/applications",
    "customer": "/v1/customers",
    "import_id": "/v1/imports",
    "key": "/v1/keys",
    "plan": "/v1/plans",
    "project": "/v1/projects",
}
"""Where that is which a field of an answer, or a filter of a list, names by its id."""
_ELSEWHERE: Final = {
    "create_keys": "/v1/keys",
    "find_key": "/v1/keys",
    "rotate_key": "/v1/keys",
    "rotate_webhook_secret": "/v1/webhooks",
    "test_webhook": "/v1/webhooks/{id}/deliveries",
}
"""Where that is which an operation answers with, if not right below its path."""

_BY_NAME: Final = ("export_declaration",)
"""What names things by slugs, which are no ids."""


class _Operation(NamedTuple):
    id: str
    method: str
    path: str
    parts: frozenset[str]
    queries: frozenset[str]
    told: dict[str, Any]


def add_links(told: dict[str, Any]) -> None:
    """Give the answers of a whole document their links, in place."""
    operations = list(_operations(told))
    schemas = told["components"]["schemas"]
    for one in operations:
        for status in ("200", "201"):
            answer = one.told["responses"].get(status)
            if answer is None or _JSON not in answer["content"]:
                continue
            tells = one.method == "get" or status == "201" or one.id in _ELSEWHERE
            if not tells or one.id in _BY_NAME:
                continue
            fields, at = _told_in(answer, schemas)
            links = {
                **dict(_to_own(one, fields, at, operations)),
                **dict(_to_named(fields, at, operations)),
                **dict(_to_next(one)),
            }
            if links:
                answer["links"] = links


def _operations(told: dict[str, Any]) -> Iterator[_Operation]:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            names: dict[str, set[str]] = {"path": set(), "query": set()}
            for parameter in operation.get("parameters", ()):
                names.get(parameter["in"], set()).add(parameter["name"])
            yield _Operation(
                operation["operationId"],
                method,
                path,
                frozenset(names["path"]),
                frozenset(names["query"]),
                operation,
            )


def _told_in(answer: dict[str, Any], schemas: dict[str, Any]) -> tuple[frozenset[str], str]:
    """The fields that are always told, of one thing or each in a list; where they are."""
    model = _model(answer["content"][_JSON]["schema"], schemas)
    rows = model.get("properties", {}).get("data")
    if rows is None:
        return frozenset(model.get("required", ())), "$response.body#/"
    row = _model(rows.get("items", {}), schemas)
    return frozenset(row.get("required", ())), "$response.body#/data/0/"


def _model(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
    return found


def _to_own(
    one: _Operation, fields: frozenset[str], at: str, operations: list[_Operation]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """To all that can be done with the thing that an operation made, listed or found."""
    place = _ELSEWHERE.get(one.id, one.path)
    name = _name_below(place, operations)
    # A row is named by its id, or by what the path calls it: the name of a header.
    told = next((told for told in (name, *_IDS) if told in fields), None)
    if name is None or told is None:
        return
    values = {part: f"$request.path.{part}" for part in one.parts if f"{{{part}}}" in place}
    values[name] = f"{at}{told}"
    thing = f"{place}/{{{name}}}"
    for target in operations:
        if f"{target.path}/".startswith(f"{thing}/") and target.parts <= set(values):
            given = {part: values[part] for part in sorted(target.parts)}
            yield target.id, {"operationId": target.id, "parameters": given}
    for kind in (kind for kind, where in _FIELDS.items() if where == place):
        yield from _to_filtered(kind, values[name], operations)


def _name_below(place: str, operations: list[_Operation]) -> str | None:
    """What paths call the things at a place: `id` for `/v1/keys/{id}/rotate`."""
    for target in operations:
        part, _, _ = target.path.removeprefix(f"{place}/").partition("/")
        if target.path != part and part.startswith("{"):
            return part.strip("{}")
    return None


def _to_filtered(
    kind: str, value: str, operations: list[_Operation]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """To the lists of what belongs to a thing."""
    for target in operations:
        if kind in target.queries and target.method == "get":
            yield target.id, {"operationId": target.id, "parameters": {kind: value}}


def _to_named(
    fields: frozenset[str], at: str, operations: list[_Operation]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """To the other things that an answer names."""
    for field in sorted(fields & set(_FIELDS)):
        path = f"{_FIELDS[field]}/{{id}}"
        for target in operations:
            if target.path == path and target.method == "get":
                given = {"id": f"{at}{field}"}
                yield field, {"operationId": target.id, "parameters": given}


def _to_next(one: _Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """From each page of a list to the next one."""
    if _CURSOR in one.queries:
        given = {part: f"$request.path.{part}" for part in sorted(one.parts)}
        given[_CURSOR] = "$response.body#/next_cursor"
        yield "next", {"operationId": one.id, "parameters": given}
