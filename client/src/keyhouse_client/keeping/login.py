"""At which Keyhouse the command is logged in, and with which management key.

The key has a place of its own, which no name leads to: no reference and no
`kh store get` hands it out. Its address is kept there too, in one value with it: no
login that breaks off sends a key to another's address.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from keyhouse_client.connection import Credentials, is_this_machine
from keyhouse_client.keeping.files import make_folder, read_private, write_whole
from keyhouse_client.keeping.place import try_out
from keyhouse_client.keeping.refusals import NoPlace, NotStored
from keyhouse_client.keeping.store import Places, config_folder, data_folder, places

_NAME: Final = "management-key"


class _Entry(NamedTuple):
    url: str
    place: str


class Login:
    """The login of one user: address and key as one value in a place for secrets.

    A file names the place, and the address for those who only ask where it is.
    """

    def __init__(self, path: Path, where: Places) -> None:
        self._path = path
        self._places = where

    @classmethod
    def of_user(cls, environ: Mapping[str, str] | None = None) -> "Login":
        """That of whoever runs this."""
        environ = os.environ if environ is None else environ
        folder = data_folder(environ) / "login"
        where = places(folder, "keyhouse login", environ)
        return cls(config_folder(environ) / "login.json", where)

    def find(self) -> Credentials | None:
        """Address and key; None where nobody is logged in.

        Raises NotStored where the key is gone from its place, and NoPlace where what is
        there is not what was kept at the end of a login.
        """
        entry = self._entry()
        if entry is None:
            return None
        value = self._places[entry.place].get(_NAME)
        if value is None:
            raise NotStored(f"the key for {entry.url} is gone: kh login {entry.url}")
        login = _pair(value)
        if login is None or login.url != entry.url:
            raise NoPlace("the last login broke off, and there is none: kh login URL")
        return login

    def rehearse(self) -> None:
        """Raises what `keep` would raise."""
        make_folder(self._path.parent)
        try_out(self._places[self._places.chosen])

    def keep(self, login: Credentials) -> str:
        """Keep it in the place of another; where the key is, for people."""
        old = self._entry()
        kind = self._places.chosen
        make_folder(self._path.parent)
        self._places[kind].set(_NAME, json.dumps(login._asdict()))
        entry = _Entry(login.url, kind)
        write_whole(self._path, json.dumps(entry._asdict()).encode())
        if old is not None and old.place != kind:
            with suppress(NoPlace):
                self._places[old.place].remove(_NAME)
        return self._places[kind].told

    def forget(self) -> str | None:
        """Forget both; the address it was, None where nobody was logged in."""
        entry = self._entry()
        if entry is None:
            return None
        self._places[entry.place].remove(_NAME)
        self._path.unlink(missing_ok=True)
        return entry.url

    def _entry(self) -> _Entry | None:
        data = read_private(self._path)
        if data is None:
            return None
        try:
            return _Entry(**json.loads(data))
        except (ValueError, TypeError):
            raise NoPlace(f"{self._path} can't be read; remove it, and kh login") from None


def _pair(value: str) -> Credentials | None:
    try:
        return Credentials(**json.loads(value))
    except (ValueError, TypeError):
        return None


def crosses_a_net_in_the_clear(url: str) -> bool:
    """Whether what is sent to `url` can be read on its way: http:// to another machine."""
    import httpx

    return httpx.URL(url).scheme == "http" and not is_this_machine(url)
