import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import keyring
import pytest

from keyhouse_client.keeping.refusals import NoPlace, NotStored, Taken
from keyhouse_client.keeping.store import Store
from tests.client.keeping.keychains import Chain, PlainText


@pytest.fixture
def _before() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


@pytest.fixture
def chain(_before: None) -> Chain:
    """The keychain of this machine, for the time of a test."""
    chain = Chain()
    keyring.set_keyring(chain)
    return chain


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"XDG_DATA_HOME": str(tmp_path)}


def test_a_keychain_is_used_where_there_is_one(chain: Chain, home: dict[str, str]) -> None:
    told = Store.of_user(home).set("planner", "x")
    assert "keychain" in told
    assert chain.kept == {("keyhouse", "planner"): "x"}
    assert Store.of_user(home).get("planner") == "x"


@pytest.mark.usefixtures("_before")
def test_a_keychain_of_plain_text_is_used_only_where_it_is_asked_for(
    home: dict[str, str],
) -> None:
    plain = PlainText()
    keyring.set_keyring(plain)
    assert "not encrypted" in Store.of_user(home).set("one", "x")
    assert plain.kept == {}
    assert "keychain" in Store.of_user({**home, "KEYHOUSE_STORE": "keychain"}).set(
        "two", "x"
    )


@pytest.mark.usefixtures("_before")
def test_without_a_keychain_it_is_a_folder(home: dict[str, str]) -> None:
    from keyring.backends import fail, null

    for name, backend in (("one", fail.Keyring), ("two", null.Keyring)):
        keyring.set_keyring(backend())
        assert "not encrypted" in Store.of_user(home).set(name, "x")
        with pytest.raises(NoPlace, match="no keychain that can be used"):
            Store.of_user({**home, "KEYHOUSE_STORE": "keychain"}).set("three", "x")


def test_a_name_is_looked_for_where_it_was_put(chain: Chain, home: dict[str, str]) -> None:
    Store.of_user({**home, "KEYHOUSE_STORE": "file"}).set("planner", "x")
    assert Store.of_user({**home, "KEYHOUSE_STORE": "keychain"}).get("planner") == "x"
    assert chain.kept == {}


def test_one_that_moves_leaves_nothing_behind(
    chain: Chain, home: dict[str, str], tmp_path: Path
) -> None:
    Store.of_user({**home, "KEYHOUSE_STORE": "file"}).set("planner", "x")
    Store.of_user(home).set("planner", "y", replace=True)
    assert Store.of_user(home).get("planner") == "y"
    assert list((tmp_path / "keyhouse" / "secrets").iterdir()) == []
    assert list(chain.kept.values()) == ["y"]


def test_a_choice_that_is_none_is_wrong_use(home: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="keychain or file"):
        Store.of_user({**home, "KEYHOUSE_STORE": "vault"})


@pytest.fixture
def store(home: dict[str, str]) -> Store:
    return Store.of_user({**home, "KEYHOUSE_STORE": "file"})


def test_a_name_in_use_is_not_replaced_unasked(store: Store) -> None:
    store.set("planner", "x")
    with pytest.raises(Taken, match="--force"):
        store.set("planner", "y")
    with pytest.raises(Taken, match="--force"):
        store.rehearse("planner", replace=False)
    assert store.get("planner") == "x"
    store.set("planner", "y", replace=True)
    assert store.get("planner") == "y"


def test_a_name_whose_secret_is_gone_can_be_set_again(store: Store, tmp_path: Path) -> None:
    """Its keychain was emptied, say."""
    store.set("planner", "x")
    (file,) = (tmp_path / "keyhouse" / "secrets").iterdir()
    file.unlink()
    with pytest.raises(NotStored, match="kh store set planner"):
        store.get("planner")
    store.set("planner", "y")
    assert store.get("planner") == "y"


def test_the_index_names_all_and_holds_no_secret(store: Store, tmp_path: Path) -> None:
    for name in ("planner", "Planner", "a.b_c-d"):
        store.set(name, "the-secret")
    store.remove("Planner")
    assert [kept.name for kept in store.entries()] == ["a.b_c-d", "planner"]
    index = list((tmp_path / "keyhouse" / "index").iterdir())
    assert all("the-secret" not in path.read_text() for path in index)
    assert {json.loads(path.read_text())["place"] for path in index} == {"file"}


@pytest.mark.parametrize("name", ["", "-x", ".env", "a/b", "../x", "a" * 101, "ä", "a\n"])
def test_a_name_that_is_none_is_wrong_use_and_not_shown(store: Store, name: str) -> None:
    for use in (store.get, store.remove, partial(store.set, secret="x")):
        with pytest.raises(ValueError, match="what was given is none"):
            use(name)


def test_a_broken_index_is_told(store: Store, tmp_path: Path) -> None:
    store.set("planner", "x")
    (entry,) = (tmp_path / "keyhouse" / "index").iterdir()
    entry.write_text("[")
    with pytest.raises(NoPlace, match="can't be read; remove it"):
        store.get("planner")


def test_no_home_is_taken_from_the_folder_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative XDG_DATA_HOME would put secrets into any repository."""
    (tmp_path / "mine").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "mine"))
    monkeypatch.chdir(tmp_path)
    Store.of_user({"XDG_DATA_HOME": "here", "KEYHOUSE_STORE": "file"}).set("planner", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
