"""Exceptions of the client go from one process to another as they are."""

import copy
import pickle
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

import pytest

import keyhouse_client
from keyhouse_client import ForgedWebhook, KeyhouseError, ProblemError, Unreachable
from keyhouse_client.calls import WrongId
from keyhouse_client.secret_file import CannotKeep, SecretLost

_PROBLEM: Final = {
    "code": "invalid",
    "title": "Wrong values",
    "detail": "One is wrong.",
    "errors": [{"field": "name", "reason": "is taken", "mend": "choose another"}],
}
MADE: Final[list[Exception]] = [
    KeyhouseError("no"),
    Unreachable("nobody"),
    ProblemError(422, _PROBLEM, "req_1"),
    ProblemError(502, {}, ""),
    ForgedWebhook("another's"),
    WrongId("two dots"),
    CannotKeep("no place"),
    CannotKeep("no place.", "Make another."),
    SecretLost("key_1 mine", "Make another."),
    SecretLost("key_1 mine", "Make another.", "the disk is full"),
]


def _classes() -> Iterator[type[Exception]]:
    for one in iter_modules(keyhouse_client.__path__, "keyhouse_client."):
        for found in vars(import_module(one.name)).values():
            if isinstance(found, type) and issubclass(found, Exception):
                yield found


def test_all_are_looked_at() -> None:
    ours = {one for one in _classes() if one.__module__.startswith("keyhouse_client.")}
    assert ours == {type(one) for one in MADE}


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_it_arrives_as_it_was(error: Exception) -> None:
    """A pool of processes whose worker raised one would wait for ever."""
    error.add_note("a note")
    sent = pickle.loads(pickle.dumps(error))  # noqa: S301  (what was just made of it)
    for again in (sent, copy.copy(error)):
        assert type(again) is type(error)
        assert (str(again), repr(again)) == (str(error), repr(error))
        assert vars(again) == vars(error)
