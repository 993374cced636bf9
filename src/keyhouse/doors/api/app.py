"""The management API as one ASGI app."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

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
    parts = (
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
    app.state.routers = [part.router for part in parts]
    for router in app.state.routers:
        app.include_router(router)
    if monitoring is not None:
        app.state.monitoring = monitoring
        app.include_router(metrics.router, include_in_schema=False)
    _add_document(app)
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


def _add_document(app: FastAPI) -> None:
    made: dict[str, Any] = {}

    async def openapi() -> Response:
        """This document."""
        return JSONResponse(app.openapi())

    def described() -> dict[str, Any]:
        if not made:
            made.update(document(app, _version()))
        return made

    app.openapi = described  # type: ignore[method-assign] # FastAPI's way to extend it
    app.add_api_route("/openapi.json", openapi, include_in_schema=False)


def _version() -> str:
    try:
        return version("keyhouse")
    except PackageNotFoundError:
        return "0"
