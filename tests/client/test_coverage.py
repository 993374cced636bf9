"""The client and the OpenAPI document tell of the same operations."""

import inspect
import re
from collections.abc import Iterator
from typing import Any, Final, get_type_hints

from keyhouse.adapters.database import Database
from keyhouse.services.work import Office
from keyhouse_client.resources import Resources
from tests.client.recorder import Recorder
from tests.doors.api.conftest import House
from tests.servers.control import database, migrated, office

__all__ = ["database", "migrated", "office"]

PEOPLE_ONLY: Final = "/v1/sessions"
"""For browsers that are logged in; a management key gets nothing there."""
_HOLE: Final = "{}"


def _given(name: str, hint: Any) -> Any:
    """Something for a parameter: a part of a path is a hole in it."""
    if hint is str or name == "seq":
        return _HOLE
    if hint in (int, float):
        return 1
    return {} if "Mapping" in str(hint) and "Sequence" not in str(hint) else []


def _called(method: Any) -> Any:
    hints = get_type_hints(method)
    taken = [
        one
        for one in inspect.signature(method).parameters.values()
        if one.default is one.empty and one.kind is not one.VAR_KEYWORD
    ]
    places = [one for one in taken if one.kind is not one.KEYWORD_ONLY]
    names = [one for one in taken if one.kind is one.KEYWORD_ONLY]
    return method(
        *(_given(one.name, hints[one.name]) for one in places),
        **{one.name: _given(one.name, hints[one.name]) for one in names},
    )


def _walk(resource: object) -> Iterator[str]:
    """Call all that a resource offers, and what hangs below it."""
    for name, method in inspect.getmembers(resource, inspect.ismethod):
        if name.startswith("_"):
            continue
        below = _called(method)
        yield f"{type(resource).__name__}.{name}"
        if below is not None:
            yield from _walk(below)


def _offered() -> set[tuple[str, str]]:
    recorder = Recorder()
    client = Resources(recorder)
    walked = [name for one in vars(client).values() for name in _walk(one)]
    assert len(walked) > 50
    return {(call.method, re.sub("%7B%7D", _HOLE, call.path)) for call in recorder.calls}


def _documented(house: House) -> set[tuple[str, str]]:
    return {
        (method.upper(), re.sub(r"{\w+}", _HOLE, path))
        for path, methods in house.app.openapi()["paths"].items()
        for method, operation in methods.items()
        if "security" in operation and not path.startswith(PEOPLE_ONLY)
    }


def test_the_client_offers_every_operation_and_no_other(
    office: Office, database: Database
) -> None:
    """A program that finds no method would have to build its own requests."""
    offered, documented = _offered(), _documented(House(office, database))
    assert documented - offered == set()
    assert offered - documented == set()
