"""`kh login` and `kh logout`: one management key for all that the command does."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from keyhouse_client.command.asked import asked_secret
from keyhouse_client.command.connecting import usual_url
from keyhouse_client.command.shown import finish, show_object
from keyhouse_client.connection import Credentials, demand_address
from keyhouse_client.errors import ProblemError
from keyhouse_client.keeping.login import Login, crosses_a_net_in_the_clear

if TYPE_CHECKING:
    from keyhouse_client.client import Client


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add `kh login` and `kh logout`."""
    login = commands.add_parser("login", help="keep a management key for this command")
    login.add_argument("url", nargs="?", metavar="URL", help="of the management API")
    login.add_argument(
        "--insecure", action="store_true", help="though the key crosses a net in the clear"
    )
    finish(login, _login)
    finish(commands.add_parser("logout", help="forget it"), _logout)


def _login(options: argparse.Namespace) -> None:
    url = options.url or usual_url()
    demand_address(url, "URL")
    if "@" in url:
        raise ValueError("URL: leave name and password out; the key says who you are")
    if crosses_a_net_in_the_clear(url) and not options.insecure:
        raise ValueError(
            f"{url}: the key would cross the net in the clear: take https://, or "
            "--insecure where nobody can listen"
        )
    from keyhouse_client.client import Client

    login = Login.of_user()
    login.rehearse()
    key = asked_secret(f"Management key for {url}").strip()
    with Client(url, key) as client:
        organization = _organization(client)
    told = login.keep(Credentials(url, key))
    if options.json:
        return show_object({"url": url, "organization": organization})
    whose = f" of {organization}" if organization else ""
    print(f"logged in at {url}{whose}; the key is in {told}", file=sys.stderr)
    return None


def _organization(client: "Client") -> str | None:
    """The name of the key's organization; None where the key may not read it.

    Raises ProblemError for a key that does not work.
    """
    try:
        found = client.organizations.list(limit=1).data
    except ProblemError as error:
        # Only who knows the key can say what it may not do.
        if error.code == "scope_missing":
            return None
        raise
    return found[0]["name"] if found else None


def _logout(options: argparse.Namespace) -> None:
    url = Login.of_user().forget()
    if options.json:
        return show_object({"url": url})
    told = "nobody was logged in" if url is None else f"logged out of {url}"
    print(told, file=sys.stderr)
    return None
