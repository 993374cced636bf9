"""The management API as one ASGI app."""

import json
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from fastapi import FastAPI
from fastapi.responses import Response

from keyhouse.doors.api import (
    apis,
    applications,
    changes,
    customers,
    declarations,
    health,
    imports,
    keys,
    members,
    metrics,
    organizations,
    plans,
    reports,
    rotation,
    secrets,
    sessions,
    tokens,
    webhooks,
)
from keyhouse.doors.api.documentation import document
from keyhouse.doors.api.envelope import BoundedBody, Envelope
from keyhouse.doors.api.gate import Authenticate, Gate
from keyhouse.doors.api.metrics import Monitoring
from keyhouse.doors.api.problems import add_handlers
from keyhouse.ports import NodeRegistry
from keyhouse.services.meter import RequestIds
from keyhouse.services.meter.request_ids import ENTROPY_BYTES
from keyhouse.services.people import PeopleDesk
from keyhouse.services.work import Office

_PARTS: Final = (
    organizations,
    apis,
    applications,
    customers,
    rotation,  # before keys: `due` is no id
    plans,
    keys,
    secrets,
    imports,
    tokens,
    members,
    sessions,
    reports,
    changes,
    webhooks,
    declarations,
    health,
)
_ROUTES: Final = [route for part in _PARTS for route in part.router.routes]


def build_app(
    office: Office,
    people: PeopleDesk,
    authenticate: Authenticate,
    nodes: NodeRegistry,
    monitoring: Monitoring | None = None,
) -> FastAPI:
    """The app, for one process and one event loop.

    `authenticate` is awaited on that loop for each request below `/v1/` that
    has a key; the services run on threads, for they wait for the database.
    """
    app = FastAPI(
        title="Keyhouse management API",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.office = office
    app.state.people = people
    app.state.changes = changes.Changes(nodes)
    app.state.strangers = secrets.Strangers()
    # Not by include_router, which would make each route once more.
    app.router.routes += _ROUTES
    if monitoring is not None:
        app.state.monitoring = monitoring
        app.router.routes += metrics.router.routes
    app.openapi = _document  # type: ignore[method-assign] # FastAPI's way to extend it
    app.add_api_route("/openapi.json", _openapi, include_in_schema=False)
    add_handlers(app)
    # The last one added is the outermost.
    app.add_middleware(BoundedBody)
    app.add_middleware(
        Gate, authenticate=authenticate, authenticate_session=sessions.by_session(people)
    )
    ids = RequestIds(office.entropy.take(ENTROPY_BYTES))
    app.add_middleware(Envelope, ids=ids, clock=office.clock)
    if monitoring is not None:
        app.add_middleware(metrics.Counted, answered=monitoring.answered)
    return app


def _document() -> dict[str, Any]:
    """Whoever asks may change what they get."""
    found: dict[str, Any] = json.loads(_written())
    return found


@cache
def _written() -> bytes:
    """The document as JSON. One for all apps of a process: their routes are the same."""
    told = document(_ROUTES, _version())
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


async def _openapi() -> Response:
    """This document."""
    return Response(_written(), media_type="application/json")


def _version() -> str:
    try:
        return version("keyhouse")
    except PackageNotFoundError:
        return "0"
