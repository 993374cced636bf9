"""`keyhouse verify`: would this key open that? Asked of the gateway."""

import json
import os
import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from keyhouse.doors.cli import access, show
from keyhouse.doors.cli.desk import AsJson, Desk, desk
from keyhouse.doors.cli.entries import OutOfReach, WrongUse

_PATH = "/.keyhouse/v1/verify"
_BATCH_MAX: Final = 100
_BYTES_MAX: Final = 60_000
"""What the gateway takes in one call, with room for what stands around the requests."""
_SETTINGS: Final = ("gateway.public_url", "gateway.listen")
"""What says where the gateway is."""
_COLUMNS: Final = ("allowed", "code", "key", "request_id", "detail")


def verify(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    *,
    api: Annotated[
        str | None, typer.Option(help="Slug of the API that it is to open.")
    ] = None,
    secret_file: Annotated[
        Path | None, typer.Option(help="Where the key is; else stdin is asked for it.")
    ] = None,
    many: Annotated[
        Path | None,
        typer.Option("--from", help="Many at once: a file with a JSON object a line."),
    ] = None,
    key_id: Annotated[
        str | None, typer.Option(help="The id that came with it, as in HTTP Basic.")
    ] = None,
    method: Annotated[str | None, typer.Option(help="The call's method.")] = None,
    path: Annotated[str | None, typer.Option(help="The call's path in the API.")] = None,
    address: Annotated[str | None, typer.Option(help="The caller's address.")] = None,
    referrer: Annotated[str | None, typer.Option(help="The caller's web page.")] = None,
    environment: Annotated[str | None, typer.Option(help="test or live.")] = None,
    scopes: Annotated[
        list[str] | None,
        typer.Option("--scope", help="What it must be good for; A|B: either."),
    ] = None,
    cost: Annotated[int | None, typer.Option(help="Units that it spends.")] = None,
    gateway: Annotated[
        str | None,
        typer.Option(
            help="Its address; else gateway.public_url or gateway.listen of the settings."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask whether a key opens an API (exit code 1: no). Spends as a call would.

    With --from each line of the file is one request in the fields of verify, its
    secret among them; what the other options say holds where a line says nothing.

    It asks the gateway, with the management key that other commands speak with.
    Where KEYHOUSE_URL says where these speak, say which gateway is to get it.
    """
    here = desk(context)
    url = _gateway(here, gateway) + _PATH
    fields = {
        "api": api,
        "key_id": key_id,
        "method": method,
        "path": path,
        "address": address,
        "referrer": referrer,
        "environment": environment,
        "scopes": scopes or None,
        "cost": cost,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    if many is not None:
        if secret_file is not None:
            raise WrongUse("--secret-file: with --from each line has a secret of its own")
        entries = read_entries(many, given)
        found = _ask_many(here, url, entries)
        show.rows(found, _COLUMNS, json=as_json)
        allowed = all(one.get("allowed") for one in found)
    else:
        if api is None:
            raise WrongUse("--api: say which API the key is to open")
        body = {"secret": given_secret(secret_file), **given}
        answer = _ask(here, url, body)
        show.item(answer, json=as_json)
        allowed = bool(answer.get("allowed"))
    if not allowed:
        raise typer.Exit(1)


def given_secret(file: Path | None) -> str:
    """A secret to speak of. Never an argument: other users of the machine see those."""
    try:
        if file is not None:
            return file.read_text("utf-8").strip()
        return (getpass("Key: ") if sys.stdin.isatty() else sys.stdin.read()).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{file}: {error}") from None


def read_entries(file: Path, defaults: dict[str, Any]) -> list[dict[str, Any]]:
    """The requests of a file, a JSON object a line. Raises WrongUse, and shows no line:

    there are secrets in it.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{file}: {error}") from None
    entries = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            entries.append(defaults | _entry(f"{file}, line {number}", line))
    if not entries:
        raise WrongUse(f"{file}: holds no request; write a JSON object a line")
    return entries


def _entry(where: str, line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        raise WrongUse(f"{where}: is not JSON; write one object a line") from None
    if not isinstance(entry, dict) or not isinstance(entry.get("secret"), str):
        mend = 'write an object as {"secret": …, "api": …}'
        raise WrongUse(f"{where}: holds no secret; {mend}")
    return entry


def _ask_many(here: Desk, url: str, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the gateway says to each, in their order, as many a call as it takes."""
    found: list[dict[str, Any]] = []
    batch: list[str] = []
    room = _BYTES_MAX
    for entry in entries:
        text = json.dumps(entry)
        if batch and (len(batch) == _BATCH_MAX or len(text) + 1 > room):
            found += _ask_batch(here, url, batch)
            batch, room = [], _BYTES_MAX
        batch.append(text)
        room -= len(text) + 1
    return [*found, *_ask_batch(here, url, batch)]


def _ask_batch(here: Desk, url: str, batch: list[str]) -> list[dict[str, Any]]:
    body = {"requests": [json.loads(text) for text in batch]}
    results: list[dict[str, Any]] = _ask(here, url, body)["results"]
    return results


def _gateway(here: Desk, given: str | None) -> str:
    """Which gateway to ask. Raises WrongUse where nobody said so.

    KEYHOUSE_URL names the management API that the key is of. Its gateway may be
    anywhere, and the key is for nobody else.
    """
    from keyhouse_client.connection import demand_address

    if given is not None:
        url, named_by = given.rstrip("/"), "--gateway"
    elif access.may_be_elsewhere(os.environ) and not here.are_set(_SETTINGS):
        raise WrongUse(
            "--gateway: KEYHOUSE_URL names the management API alone. Say which gateway "
            f"gets the key, as --gateway http://host:port; or set {_SETTINGS[0]}"
        )
    else:
        url, named_by = here.installation().gateway_url, _SETTINGS[0]
    try:
        demand_address(url, named_by)
    except ValueError as error:
        raise WrongUse(str(error)) from None
    return url


def _ask(here: Desk, url: str, body: dict[str, Any]) -> dict[str, Any]:
    import httpx

    from keyhouse_client import ProblemError

    try:
        headers = {"Authorization": f"Bearer {here.access().api_key}"}
        answer = httpx.post(url, json=body, headers=headers, timeout=30)
        found: object = answer.json()
    except (httpx.RequestError, ValueError) as error:
        raise OutOfReach(f"the gateway at {url}: {error}") from None
    if not isinstance(found, dict):
        raise OutOfReach(f"the gateway at {url}: what answers there is none")
    if not answer.is_success:
        raise ProblemError(answer.status_code, found, "")
    return found
