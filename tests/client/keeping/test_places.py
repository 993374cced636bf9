"""What holds for each place where secrets are kept."""

from collections.abc import Callable
from pathlib import Path

import pytest

from keyhouse_client.keeping.folder import FolderPlace
from keyhouse_client.keeping.keychain import KeychainPlace
from keyhouse_client.keeping.place import Place, try_out
from keyhouse_client.keeping.refusals import NoPlace, OpenToOthers
from tests.client.keeping.keychains import Chain, Forgetful, Locked

Open = Callable[[], Place]


@pytest.fixture(params=["folder", "keychain"])
def open_place(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens the same place, each time anew."""
    if request.param == "folder":
        return lambda: FolderPlace(tmp_path / "secrets")
    backend = Chain()
    return lambda: KeychainPlace(backend, "keyhouse")


def test_nothing_is_there_at_first(open_place: Open) -> None:
    assert open_place().get("planner") is None


@pytest.mark.parametrize("secret", ["x", "pa$$ 'wörd\" \\n #€", "a" * 8192])
def test_what_is_kept_is_found_as_it_was(open_place: Open, secret: str) -> None:
    open_place().set("planner", secret)
    assert open_place().get("planner") == secret


def test_the_newest_counts(open_place: Open) -> None:
    open_place().set("planner", "one that is longer")
    open_place().set("planner", "two")
    assert open_place().get("planner") == "two"


def test_names_that_differ_in_case_alone_are_two(open_place: Open) -> None:
    open_place().set("planner", "small")
    open_place().set("Planner", "large")
    assert [open_place().get("planner"), open_place().get("Planner")] == ["small", "large"]


def test_what_is_removed_is_gone_and_the_others_stay(open_place: Open) -> None:
    for name in ("planner", "mailer"):
        open_place().set(name, name)
    open_place().remove("planner")
    assert [open_place().get("planner"), open_place().get("mailer")] == [None, "mailer"]


def test_a_removal_twice_is_one(open_place: Open) -> None:
    open_place().set("planner", "x")
    open_place().remove("planner")
    open_place().remove("planner")
    open_place().remove("never there")
    assert open_place().get("planner") is None


def test_a_trial_leaves_what_was_there(open_place: Open) -> None:
    open_place().set("planner", "x")
    try_out(open_place())
    assert open_place().get("planner") == "x"


def test_nothing_of_a_trial_stays(tmp_path: Path) -> None:
    backend = Chain()
    try_out(KeychainPlace(backend, "keyhouse"))
    try_out(FolderPlace(tmp_path / "secrets"))
    assert backend.kept == {}
    assert list((tmp_path / "secrets").iterdir()) == []


@pytest.mark.parametrize("backend", [Forgetful(), Locked()], ids=["forgetful", "locked"])
def test_a_keychain_that_keeps_nothing_is_told_with_the_way_out(backend: Chain) -> None:
    with pytest.raises(NoPlace, match="KEYHOUSE_STORE=file") as told:
        KeychainPlace(backend, "keyhouse").set("planner", "the-secret")
    assert "the-secret" not in str(told.value)


def test_files_are_their_owners_from_the_first_moment(tmp_path: Path) -> None:
    FolderPlace(tmp_path / "data" / "secrets").set("planner", "x")
    made = sorted(tmp_path.rglob("*"))
    assert [path.stat().st_mode & 0o777 for path in made] == [0o700, 0o700, 0o600]


def test_a_folder_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path / "secrets")
    place.set("planner", "x")
    (tmp_path / "secrets").chmod(0o750)
    with pytest.raises(OpenToOthers, match=r"chmod 700 .*/secrets$"):
        place.get("planner")
    with pytest.raises(OpenToOthers, match=r"chmod 700 .*/secrets$"):
        place.set("planner", "y")


def test_a_file_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path / "secrets")
    place.set("planner", "x")
    (file,) = (tmp_path / "secrets").iterdir()
    file.chmod(0o604)
    with pytest.raises(OpenToOthers, match=r"chmod 600 .*planner"):
        place.get("planner")


def test_a_link_in_the_place_of_a_secret_is_not_followed(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path / "secrets")
    place.set("planner", "x")
    (file,) = (tmp_path / "secrets").iterdir()
    elsewhere = tmp_path / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    with pytest.raises(NoPlace):
        place.get("planner")


def test_what_can_not_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    """A folder in the secret's place: the rename fails, for root too."""
    place = FolderPlace(tmp_path / "secrets")
    place.set("planner", "x")
    (file,) = (tmp_path / "secrets").iterdir()
    file.unlink()
    (file / "in the way").mkdir(parents=True)
    with pytest.raises(NoPlace):
        place.set("planner", "y")
    assert list((tmp_path / "secrets").iterdir()) == [file]
