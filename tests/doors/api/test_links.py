"""The links of the OpenAPI document, which tools and readers follow."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.doors.api.conftest import House

_BODY = "$response.body#/"
_PATH = "$request.path."


class Link:
    """One link of one answer."""

    def __init__(self, source: dict[str, Any], status: str, name: str) -> None:
        self.source = source
        self.answer = source["responses"][status]
        self.name = name
        self.told: dict[str, Any] = self.answer["links"][name]
        self.at = f"{source['operationId']} {status} {name}"


@pytest.fixture
def operations(house: House) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation
        for methods in house.app.openapi()["paths"].values()
        for operation in methods.values()
    }


def _links(operations: dict[str, dict[str, Any]]) -> Iterator[Link]:
    for operation in operations.values():
        for status, answer in operation["responses"].items():
            for name in answer.get("links", ()):
                yield Link(operation, status, name)


def _parameters(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        one["name"]: one
        for one in operation.get("parameters", ())
        if one["in"] in ("path", "query")
    }


def _found(example: Any, expression: str) -> Any:
    """What an expression finds in an answer. KeyError where that is nothing."""
    for part in expression.removeprefix(_BODY).split("/"):
        example = example[int(part) if isinstance(example, list) else part]
    return example


async def test_each_link_names_an_operation_and_fills_its_path(
    operations: dict[str, dict[str, Any]],
) -> None:
    """A link to nowhere, or one that leaves a part of the path open, leads to a 404."""
    for link in _links(operations):
        target = _parameters(operations[link.told["operationId"]])
        given = link.told["parameters"]
        assert given.keys() <= target.keys(), link.at
        needed = {name for name, one in target.items() if one["in"] == "path"}
        assert needed <= given.keys(), link.at


async def test_each_link_takes_what_request_and_answer_have(
    operations: dict[str, dict[str, Any]],
) -> None:
    """An expression that finds nothing in the answer's example finds nothing ever."""
    for link in _links(operations):
        (content,) = link.answer["content"].values()
        for value in link.told["parameters"].values():
            if value.startswith(_PATH):
                assert value.removeprefix(_PATH) in _parameters(link.source), link.at
                continue
            assert value.startswith(_BODY), link.at
            _found(content["example"], value)


async def test_an_id_leads_to_an_operation_on_its_own_kind(
    operations: dict[str, dict[str, Any]],
) -> None:
    """The id of an application, looked up among keys, is one that nobody has."""
    told = 0
    for link in _links(operations):
        (content,) = link.answer["content"].values()
        target = _parameters(operations[link.told["operationId"]])
        for name, value in link.told["parameters"].items():
            if target[name]["in"] == "path" and value.startswith(_BODY):
                found = _found(content["example"], value)
                example = target[name]["example"]
                # An API is found by its slug as well, a header by its name alone.
                if found is not None and "_" in found and name != "name":
                    assert found.partition("_")[0] == example.partition("_")[0], link.at
                    told += 1
    assert told > 100


async def test_what_is_made_links_to_all_that_its_id_opens(
    operations: dict[str, dict[str, Any]],
) -> None:
    """Who made a key finds in the answer how to rotate it; of a route, below its API."""

    def linked(source: str, status: str = "201") -> dict[str, Any]:
        found: dict[str, Any] = operations[source]["responses"][status]["links"]
        return {name: link["parameters"] for name, link in found.items()}

    made = linked("create_key")
    assert made["rotate_key"] == {"id": "$response.body#/id"}
    assert made["list_requests"] == {"key": "$response.body#/id"}
    assert made["application"] == {"id": "$response.body#/application"}
    assert "end_secret" not in made
    route = {"id": "$request.path.id", "route": "$response.body#/id"}
    assert linked("create_route")["delete_route"] == route
    assert linked("rotate_key")["rotate_key"] == {"id": "$response.body#/id"}
    assert linked("list_requests", "200")["explain_request"] == {
        "id": "$response.body#/data/0/request_id"
    }
    headers = linked("list_upstream_headers", "200")
    assert headers["set_upstream_header"]["name"] == "$response.body#/data/0/name"
    assert linked("list_keys", "200")["next"] == {"cursor": "$response.body#/next_cursor"}
    unlinked = {
        name
        for name, one in operations.items()
        if "201" in one["responses"] and not one["responses"]["201"].get("links")
    }
    assert not unlinked
