"""The public names are a contract: whoever changes one sees it here."""

import importlib
import importlib.metadata

import pytest

PUBLIC = {
    "keyhouse": [
        *("Decision", "Keyhouse", "Principal"),
        *("Settled", "Unsettled", "Verdict", "__version__"),
    ],
    "keyhouse.asgi": ["KeyhouseMiddleware"],
    "keyhouse.fastapi": ["KeyGuard", "Refusal"],
}


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names(module: str) -> None:
    found = importlib.import_module(module)
    assert sorted(found.__all__) == PUBLIC[module]
    assert all(hasattr(found, name) for name in found.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """`from keyhouse import Typo` must read as one, though names load lazily."""
    assert not hasattr(importlib.import_module("keyhouse"), "Typo")


def test_the_version_is_told_once_and_the_same() -> None:
    told = importlib.import_module("keyhouse").__version__
    assert told == importlib.metadata.version("keyhouse")
