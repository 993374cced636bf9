"""The OpenAPI document: what FastAPI makes, completed by rules that hold for all."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.routing import BaseRoute

from keyhouse.core.answers import PROBLEM_TYPE
from keyhouse.core.csrf import CSRF_HEADER, SESSION_COOKIE
from keyhouse.doors.api.calls import CHANGE_SEQ, SCHEMES
from keyhouse.doors.api.gate import ORGANIZATION_HEADER
from keyhouse.doors.api.links import add_links
from keyhouse.doors.api.problems import TITLES

_BODY: Final = "06TbZQ2dGmM8vXk1cPqRst"
_JSON: Final = "application/json"
_ID_EXAMPLES: Final = {
    "organizations": "org",
    "projects": "prj",
    "apis": "api",
    "applications": "app",
    "customers": "cus",
    "plans": "pln",
    "subscriptions": "sub",
    "keys": "key",
    "imports": "imp",
    "members": "usr",
    "invitations": "inv",
    "requests": "req",
    "sessions": "ses",
    "webhooks": "whk",
    "calendars": "cal",
    "changes": "",
}
_NAMES: Final[Mapping[str, Any]] = {"name": "Authorization", "seq": 42}
_BELOW_EXAMPLES: Final = {
    "route": "rte",
    "secret_id": "sec",
    "credit": "crd",
    "delivery": "dlv",
}
_TEXT: Final = {"type": "string"}
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": {**_TEXT, "description": "Stable; for programs."},
        "request_id": _TEXT,
        "scopes_missing": {"type": "array", "items": _TEXT},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "reason", "mend"],
                "properties": {"field": _TEXT, "reason": _TEXT, "mend": _TEXT},
            },
        },
    },
}
_UNAUTHORIZED: Final = ("unknown", "No valid management key or session")
_SESSION: Final = f"""
A person logged in to the console. `{ORGANIZATION_HEADER}` names the organization,
where it is not their only one; what writes needs the session's token in
`{CSRF_HEADER}` as well.
""".strip()
_BASIC: Final = "The key's id as user, its secret as password."
_DESCRIPTION: Final = """
Everything that can be managed. Times are RFC 3339 in UTC, durations seconds.
Lists are `{"data": [], "next_cursor": null}`. PATCH changes the fields that are
given; null clears one. Every answer carries `Keyhouse-Request-Id`; errors are
`application/problem+json` with a stable `code`, and name the field. What belongs
to another organization reads like what is not there.
""".strip()


def document(routes: Sequence[BaseRoute], version: str) -> dict[str, Any]:
    """The whole OpenAPI 3.1 document of what these routes take."""
    told = get_openapi(
        title="Keyhouse management API",
        version=version,
        openapi_version="3.1.0",
        description=_DESCRIPTION,
        routes=routes,
    )
    parts = told.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    parts["securitySchemes"] = {
        SCHEMES[0]: {"type": "http", "scheme": "bearer", "description": "`kh_mk_…`"},
        SCHEMES[1]: {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        SCHEMES[2]: {"type": "http", "scheme": "basic", "description": _BASIC},
        SCHEMES[3]: {
            "type": "apiKey",
            "in": "cookie",
            "name": SESSION_COOKIE,
            "description": _SESSION,
        },
    }
    examples = _model_examples()
    for name, example in examples.items():
        if name in schemas:
            schemas[name]["examples"] = [example]
    for path, method, operation in _operations(told):
        _parameters(path, operation)
        _answers(path, method, operation)
        _examples(operation, examples)
    add_links(told)
    return told


def _operations(told: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _parameters(path: str, operation: dict[str, Any]) -> None:
    """An example for each part of the path."""
    kind = path.split("/")[2] if path.count("/") > 1 else ""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            name = parameter["name"]
            prefix = _BELOW_EXAMPLES.get(name, _ID_EXAMPLES[kind])
            parameter["example"] = _NAMES.get(name, f"{prefix}_{_BODY}")


_NAMED_IN_BODY: Final = ("/find", "/tokens/revoke")
"""Ends of the paths of operations on what the body names."""


def _answers(path: str, method: str, operation: dict[str, Any]) -> None:
    """The problems that an operation can answer, and the headers of answers."""
    responses = operation["responses"]
    responses.pop("422", None)
    guarded = "security" in operation
    body = "requestBody" in operation
    writes = method != "get"
    # 400 is also the answer to two different keys in one request.
    found = {400, 401, 403, 413, 415, 503} if guarded else set()
    names = "{" in path or path.endswith(_NAMED_IN_BODY)
    found |= {404} if names else set()
    found |= {409} if guarded and writes else set()
    found |= {412} if method in ("patch", "put") else set()
    if guarded and not operation["security"]:
        found = {400, 413, 415, 429, 503}
    found |= {422} if body or operation.get("parameters") else set()
    if path == "/ready":
        found.add(503)
    for status in sorted(found):
        responses[str(status)] = _problem_response(status)
    tagged = guarded and _tells_one(operation)
    for status, response in responses.items():
        response["headers"] = _headers(guarded and writes and status.startswith("2"))
        if tagged and status == "200":
            response["headers"]["ETag"] = {"schema": _TEXT}
        if status == "201":
            response["headers"]["Location"] = {"schema": _TEXT}


def _tells_one(operation: dict[str, Any]) -> bool:
    """Whether the answer is the thing itself: neither a list nor an act on it."""
    name: str = operation["operationId"]
    told = ("get_", "change_", "set_", "find_")
    return name.startswith(told) and name != "get_change"


def _headers(tells_seq: bool) -> dict[str, Any]:
    headers: dict[str, Any] = {"Keyhouse-Request-Id": {"schema": _TEXT}}
    if tells_seq:
        headers[CHANGE_SEQ] = {
            "schema": {"type": "integer"},
            "description": "The change's number, where the data plane is concerned: "
            "`/v1/changes/{seq}` tells whether it is in force.",
        }
    return headers


def _problem_response(status: int) -> dict[str, Any]:
    code, title = _UNAUTHORIZED if status == 401 else TITLES[status]
    example: dict[str, Any] = {
        "type": f"urn:keyhouse:problem:{code}",
        "title": title,
        "status": status,
        "detail": title,
        "code": code,
        "request_id": f"req_{_BODY}",
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": title,
        "content": {PROBLEM_TYPE: {"schema": schema, "example": example}},
    }


def _examples(operation: dict[str, Any], examples: Mapping[str, Any]) -> None:
    """The example of each model, beside each use of it as a body."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        told = body.get("content", {}).get(_JSON)
        if told is not None:
            name = told["schema"].get("$ref", "").rpartition("/")[2]
            told["example"] = examples[name]


def _model_examples() -> dict[str, Any]:
    """The first example of each model by its name.

    From the models themselves: FastAPI takes nulls out of what it is given.
    """
    found: dict[str, Any] = {}
    waiting: list[type[BaseModel]] = BaseModel.__subclasses__()
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        extra = model.model_config.get("json_schema_extra")
        if model.__module__.startswith(__package__) and isinstance(extra, dict):
            examples = extra["examples"]
            found[model.__name__] = examples[0] if isinstance(examples, list) else None
    return found
