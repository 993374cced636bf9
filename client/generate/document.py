"""The OpenAPI document, of an app that serves nobody."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from keyhouse.adapters.system import SystemClock, SystemEntropy
from keyhouse.doors.api import build_app

if TYPE_CHECKING:
    from keyhouse.doors.api.gate import Authenticate
    from keyhouse.ports import NodeRegistry
    from keyhouse.services.people import PeopleDesk
    from keyhouse.services.work import Office


def document() -> dict[str, Any]:
    """The document as `/openapi.json` has it."""
    office = SimpleNamespace(clock=SystemClock(), entropy=SystemEntropy())
    app = build_app(
        cast("Office", office),
        cast("PeopleDesk", None),
        cast("Authenticate", None),
        cast("NodeRegistry", None),
    )
    return app.openapi()
