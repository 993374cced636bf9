"""Which Keyhouse the command speaks to, and as whom."""

import os
from typing import TYPE_CHECKING

from keyhouse_client.connection import DEFAULT_URL, KEY_VARIABLE, URL_VARIABLE
from keyhouse_client.keeping.login import Login

if TYPE_CHECKING:
    from keyhouse_client.client import Client


def opened() -> "Client":
    """The Keyhouse of the environment, else the one of `kh login`.

    Address and key come from one of them, both: the key of a login goes to no address
    that the environment names. Raises ValueError where neither says enough.
    """
    from keyhouse_client.client import Client

    if os.environ.get(KEY_VARIABLE, "").strip():
        return Client.from_env()
    login = Login.of_user().find()
    if login is None:
        raise ValueError(
            f"{KEY_VARIABLE} is not set: put a management key into it, or kh login"
        )
    url = os.environ.get(URL_VARIABLE, "").strip()
    if url and url.rstrip("/") != login.url.rstrip("/"):
        raise ValueError(
            f"{URL_VARIABLE} is not where you are logged in, and {KEY_VARIABLE} is not "
            f"set: unset {URL_VARIABLE}, or kh login at the other"
        )
    return Client(*login)


def usual_url() -> str:
    """Where to log in unless an address is given."""
    return os.environ.get(URL_VARIABLE, "").strip() or DEFAULT_URL
