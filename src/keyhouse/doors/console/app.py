"""The console as one ASGI app."""

from collections.abc import Callable
from functools import cache

from fastapi import FastAPI
from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import Response

from keyhouse.doors.console.assets import ROOT, Assets
from keyhouse.doors.console.config import ConsoleConfig
from keyhouse.doors.console.contents import PAGES
from keyhouse.doors.console.counting import Counted
from keyhouse.doors.console.desk import Desk
from keyhouse.doors.console.failures import add_handlers, fault
from keyhouse.doors.console.rendering import load_templates
from keyhouse.doors.console.security import Shield
from keyhouse.services.meter import RequestIds
from keyhouse.services.meter.request_ids import ENTROPY_BYTES
from keyhouse.services.people import PeopleDesk
from keyhouse.services.work import Office


def build_console(
    office: Office,
    people: PeopleDesk,
    config: ConsoleConfig,
    answered: Callable[[str, str], None] | None = None,
) -> FastAPI:
    """The app, for one process and one event loop; services run on threads.

    `answered` is told the page and the status of each answer.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.assets, templates = _files()
    app.state.desk = Desk(office, people, config, templates)
    app.add_api_route(f"{ROOT}/{{mark}}/{{name:path}}", _asset, response_model=None)
    # Not by include_router, which would make each route once more.
    for page in PAGES:
        app.router.routes += page.router.routes
    add_handlers(app)
    ids = RequestIds(office.entropy.take(ENTROPY_BYTES))
    app.add_middleware(
        Shield,
        ids=ids,
        clock=office.clock,
        public_url=config.public_url,
        on_fault=fault,
    )
    if answered is not None:
        app.add_middleware(Counted, answered=answered)
    return app


@cache
def _files() -> tuple[Assets, Environment]:
    """What stands in this package is read once, for all consoles of a process."""
    assets = Assets()
    return assets, load_templates(assets)


async def _asset(request: Request, mark: str, name: str) -> Response:
    """A static file."""
    assets: Assets = request.app.state.assets
    return assets.answer(request, mark, name)
