import os
from pathlib import Path

import pytest

from keyhouse_client.scanning.allowed import SIZE_MAX, read_allowed
from tests.client.scanning.conftest import Kh, Repository
from tests.client.scanning.minted import minted

FINGERPRINT = "00112233445566ff"


def test_entries_have_reasons_and_the_file_may_have_remarks(tmp_path: Path) -> None:
    path = tmp_path / "allow"
    path.write_text(f"# ours\n\n{FINGERPRINT}  # in the docs\n0011223344556677\n")
    allowed = read_allowed(path)
    assert FINGERPRINT in allowed
    assert "ffffffffffffffff" not in allowed
    assert allowed.idle() == [f"{path}:4: 0011223344556677"]


@pytest.mark.parametrize("wrong", ["00112233", FINGERPRINT.upper(), f"{FINGERPRINT} why"])
def test_a_line_that_is_none_is_told_by_its_number(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "allow"
    path.write_text(f"{FINGERPRINT}\n{wrong}\n")
    with pytest.raises(ValueError, match=r"allow:2: is no fingerprint"):
        read_allowed(path)


def test_a_secret_that_was_put_there_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "allow"
    secret = minted()
    path.write_text(secret)
    with pytest.raises(ValueError, match="is no fingerprint") as caught:
        read_allowed(path)
    assert secret[-36:] not in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No such file"):
        read_allowed(tmp_path / "allow")
    (tmp_path / "allow").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="no UTF-8"):
        read_allowed(tmp_path / "allow")


@pytest.mark.parametrize("kind", ["endless", "pipe", "folder", "large", "dangling", "link"])
def test_what_is_no_such_file_is_told_and_nobody_waits_for_it(
    repository: Repository, kh: Kh, kind: str
) -> None:
    """A stranger's repository may have anything under that name."""
    path = repository.top / ".keyhouse-allow"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "large":
        path.write_bytes(b"#" * (SIZE_MAX + 1))
    else:
        leads = {"endless": "/dev/zero", "dangling": "nowhere", "link": "a"}
        path.symlink_to(leads[kind])
    repository.write("a", "")
    code, lines, said = kh()
    assert (code, lines) == (2, [])
    assert said.startswith(f"kh: {path}: ")
    assert said.count("\n") == 1


def test_one_that_is_named_may_be_a_link_but_no_pipe(
    repository: Repository, kh: Kh, tmp_path: Path
) -> None:
    """As a file of a ConfigMap is."""
    repository.write("a", "")
    (tmp_path / "file").write_bytes(b"#" * SIZE_MAX)
    (tmp_path / "link").symlink_to("file")
    assert kh("--allow", str(tmp_path / "link"))[0] == 0
    os.mkfifo(tmp_path / "pipe")
    code, _, said = kh("--allow", str(tmp_path / "pipe"))
    assert (code, said) == (2, f"kh: {tmp_path / 'pipe'}: is no ordinary file\n")
