"""Mails that land in the data folder."""

import stat
from pathlib import Path

import pytest

from keyhouse.adapters.mail import MailFolder, folder
from keyhouse.ports import Mail

SENDER = "Keyhouse <keyhouse@localhost>"
LINK = "https://keys.example/confirm?ticket=" + "A" * 120
MAIL = Mail("ada@example.org", "Grüße", f"Hallo,\n\n{LINK}\n")


def test_what_was_written_is_read_in_its_order(tmp_path: Path) -> None:
    kept = MailFolder(tmp_path / "mail", SENDER)
    assert kept.kept() == []
    for to in ("a@example.org", "b@example.org"):
        kept.deliver(MAIL._replace(to=to))
    found = kept.kept()
    assert [one.to for one in found] == ["a@example.org", "b@example.org"]
    assert found[0].subject == MAIL.subject
    assert LINK in found[0].text.splitlines()


def test_one_that_cannot_be_read_hides_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = MailFolder(tmp_path, SENDER)
    (tmp_path / "0.eml").write_text("To: a@\n\ntext\n")  # trips the parser
    kept.deliver(MAIL)
    assert [one.to for one in kept.kept()] == [MAIL.to]
    assert "0.eml cannot be read" in caplog.text


def test_a_link_in_it_is_for_the_owner_alone(tmp_path: Path) -> None:
    kept = MailFolder(tmp_path / "mail", SENDER)
    kept.deliver(MAIL)
    (path,) = (tmp_path / "mail").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_folder_does_not_grow_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "KEPT_MAX", 3)
    kept = MailFolder(tmp_path, SENDER)
    for number in range(5):
        kept.deliver(MAIL._replace(subject=str(number)))
    assert [one.subject for one in kept.kept()] == ["2", "3", "4"]
