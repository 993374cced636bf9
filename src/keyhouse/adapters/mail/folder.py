"""Mails as files, where no server is set: one `.eml` each, for the owner alone."""

import logging
import os
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from time import time_ns
from typing import Final, NamedTuple

from keyhouse.adapters.mail.message import message
from keyhouse.ports import Mail

KEPT_MAX: Final = 1000
_log = logging.getLogger(__name__)


class KeptMail(NamedTuple):
    """A mail in the folder, with its date as its header tells it."""

    at: str
    to: str
    subject: str
    text: str


class MailFolder:
    """Delivers into a folder, which is made when the first mail comes."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    def deliver(self, mail: Mail) -> None:
        """Write one mail, whole or not at all. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{time_ns():020}.eml"
        draft = path.with_suffix(".new")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(message(mail, self._sender).as_bytes())
        draft.replace(path)
        for old in self._files()[:-KEPT_MAX]:
            old.unlink(missing_ok=True)

    def kept(self) -> list[KeptMail]:
        """All mails that can be read, the oldest first; the log is told of others."""
        return list(self._readable())

    def _readable(self) -> Iterator[KeptMail]:
        for path in self._files():
            try:
                yield _read(path)
            except Exception:  # noqa: BLE001 - the parser raises whatever; it is logged
                _log.warning("the mail %s cannot be read", path)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.eml"))


def _read(path: Path) -> KeptMail:
    found = message_from_bytes(path.read_bytes(), policy=default)
    text = str(found.get_content()) if not found.is_multipart() else ""
    return KeptMail(str(found["Date"]), str(found["To"]), str(found["Subject"]), text)
