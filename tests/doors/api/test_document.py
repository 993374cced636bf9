"""The OpenAPI document: what clients are written from."""

from typing import Any

import jsonschema_rs

from tests.doors.api.conftest import House

_METHODS = ("get", "post", "patch", "delete", "put")


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


async def test_document_is_served_to_anyone(house: House) -> None:
    answer = await house.client(None).get("/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.1")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_every_operation_has_a_name_words_and_an_example(house: House) -> None:
    document = house.app.openapi()
    names = [operation["operationId"] for _, _, operation in _operations(document)]
    assert len(set(names)) == len(names)
    for path, method, operation in _operations(document):
        at = f"{method} {path}"
        assert operation["description"], at
        contents = [
            *operation.get("requestBody", {}).get("content", {}).values(),
            *(
                content
                for response in operation["responses"].values()
                for content in response.get("content", {}).values()
            ),
        ]
        assert contents, at
        assert all("example" in content for content in contents), at
        parameters = operation.get("parameters", ())
        assert all("example" in one for one in parameters if one["in"] == "path"), at


async def test_a_parameter_that_takes_one_value_is_refused_when_it_comes_twice(
    house: House,
) -> None:
    """Else the last would be taken, and sums or lists be others than were asked for."""
    client, lists = house.tenant().client, set()
    for path, method, operation in _operations(house.app.openapi()):
        parameters = operation.get("parameters", ())
        place = path
        for one in parameters:
            if one["in"] == "path":
                place = place.replace(f"{{{one['name']}}}", str(one["example"]))
        names = [one["name"] for one in parameters if one["in"] == "query"]
        for name in names:
            twice = {name: ["1", "2"]}
            answer = await client.request(method.upper(), place, params=twice)
            errors = answer.json().get("errors", ())
            told = [one["reason"] for one in errors if one["field"] == name]
            if "is there more than once" not in told:
                lists.add((place, name))
            else:
                assert answer.status_code == 422
    assert lists == {("/v1/keys", "tag")}


async def test_every_guarded_operation_tells_of_its_problems(house: House) -> None:
    for path, method, operation in _operations(house.app.openapi()):
        if not path.startswith("/v1/") or not operation["security"]:
            continue
        at = f"{method} {path}"
        told = operation["responses"]
        assert {"401", "403", "503"} <= set(told), at
        finds = "{" in path or path.endswith(("/find", "/tokens/revoke"))
        assert ("404" in told) == finds, at
        for status, response in told.items():
            if int(status) >= 400:
                assert "application/problem+json" in response["content"], at
        first = "session" if path.startswith("/v1/sessions") else "managementKey"
        assert [*operation["security"][0]] == [first], at


async def test_the_document_tells_each_form_of_a_management_key(house: House) -> None:
    document = house.app.openapi()
    schemes = document["components"]["securitySchemes"]
    assert schemes["managementKey"]["scheme"] == "bearer"
    assert schemes["apiKeyHeader"]["name"] == "X-API-Key"
    assert schemes["keyIdAndSecret"]["scheme"] == "basic"
    needed = document["paths"]["/v1/keys"]["get"]["security"]
    told = {name for one in needed for name in one}
    assert {"managementKey", "apiKeyHeader", "keyIdAndSecret"} <= told


async def test_the_document_tells_where_an_etag_is_told_and_taken(house: House) -> None:
    tagged, taking = set(), set()
    for path, method, operation in _operations(house.app.openapi()):
        if "ETag" in operation["responses"].get("200", {}).get("headers", {}):
            tagged.add((method, path))
        names = [one["name"].lower() for one in operation.get("parameters", ())]
        if "if-match" in names:
            taking.add((method, path))
            assert "412" in operation["responses"]
    patched = {
        (method, path)
        for path, method, _ in _operations(house.app.openapi())
        if method in ("patch", "put")
    }
    assert patched == taking
    assert patched < tagged
    assert {("get", path) for _, path in patched} < tagged
    assert not any("{" not in path and method == "get" for method, path in tagged)


async def test_examples_fit_their_schemas(house: House) -> None:
    """An example that is refused costs a reader an hour."""
    document = house.app.openapi()
    checked = 0
    for _, _, operation in _operations(document):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (one for body in bodies for one in body.get("content", {}).values()):
            schema = {**content["schema"], "components": document["components"]}
            jsonschema_rs.validate(schema, content["example"])
            checked += 1
    assert checked > 100


async def test_no_name_of_the_framework_is_left(house: House) -> None:
    text = str(house.app.openapi())
    assert "HTTPValidationError" not in text
    assert "NoneType" not in text
