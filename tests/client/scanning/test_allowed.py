from pathlib import Path

import pytest

from keyhouse_client.scanning.allowed import read_allowed
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
