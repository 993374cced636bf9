"""An id stays what it is: no call is for another thing than the one that was named."""

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_type_hints

import pytest

from keyhouse_client import Client
from keyhouse_client.calls import WrongId
from keyhouse_client.resources import Resources
from tests.client.recorder import Recorder

if TYPE_CHECKING:
    from tests.client.conftest import Desk

_MARK: Final = "marked"


class Place(NamedTuple):
    """A parameter that becomes a part of the path; `method` is bound to `recorder`."""

    name: str
    method: Any
    parameter: str
    recorder: Recorder


def _call(method: Any, **given: Any) -> Any:
    """Call it with `given`, and with something for all else that it demands."""
    hints = get_type_hints(method)
    for name, one in inspect.signature(method).parameters.items():
        if name not in given and one.default is one.empty and one.kind != one.VAR_KEYWORD:
            given[name] = {str: "x", int: 1}.get(hints[name], [])
    return method(**given)


def _places(resource: object, name: str, recorder: Recorder) -> Iterator[Place]:
    for method_name, method in inspect.getmembers(resource, inspect.ismethod):
        if method_name.startswith("_"):
            continue
        full = f"{name}.{method_name}"
        hints = get_type_hints(method)
        for parameter in inspect.signature(method).parameters:
            if hints.get(parameter) is not str:
                continue
            found = _call(method, **{parameter: _MARK})
            path = recorder.calls[-1].path if found is None else found._path
            if f"/{_MARK}" in path:
                yield Place(f"{full}({parameter})", method, parameter, recorder)
        found = _call(method)
        if found is not None:
            yield from _places(found, full, recorder)


def _all_places() -> list[Place]:
    recorder = Recorder()
    resources = vars(Resources(recorder)).items()
    return [place for name, one in resources for place in _places(one, name, recorder)]


PLACES: Final = _all_places()


def test_ids_are_found_where_they_are_known_to_be() -> None:
    named = {place.name for place in PLACES}
    assert {
        "keys.end_secret(secret_id)",
        "apis.headers(api)",
        "apis.headers.delete(name)",
        "webhooks.deliveries.replay(id)",
    } <= named
    assert len(named) > 60


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
@pytest.mark.parametrize("wrong", ["", ".", ".."])
def test_an_id_that_would_mean_what_is_above_it_is_refused(
    place: Place, wrong: str
) -> None:
    """`keys.end_secret("key_1", "..")` would delete the key."""
    sent = len(place.recorder.calls)
    with pytest.raises(WrongId, match=f'"{wrong}" is no id or name'):
        _call(place.method, **{place.parameter: wrong})
    assert len(place.recorder.calls) == sent


def test_dots_inside_of_an_id_go_as_they_are(desk: "Desk") -> None:
    desk.say(200, {"id": "customer"})
    with Client(desk.url, "kh_mk_x") as client:
        client.customers.get("...acme..")
    assert desk.asked[0].path == "/v1/customers/...acme.."
