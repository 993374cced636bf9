"""`keyhouse verify`: would this key open that? Asked of the gateway."""

import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.entries import OutOfReach, WrongUse

_PATH = "/.keyhouse/v1/verify"


def verify(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    *,
    api: Annotated[str, typer.Option(help="Slug of the API that it is to open.")],
    secret_file: Annotated[
        Path | None, typer.Option(help="Where the key is; else stdin is asked for it.")
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
    as_json: AsJson = False,
) -> None:
    """Ask whether a key opens an API (exit code 1: no). Spends as a call would."""
    here = desk(context)
    fields = {
        "secret": given_secret(secret_file),
        "api": api,
        "method": method,
        "path": path,
        "address": address,
        "referrer": referrer,
        "environment": environment,
        "scopes": scopes or None,
        "cost": cost,
    }
    body = {name: value for name, value in fields.items() if value is not None}
    gateway = here.installation().gateway_url
    found = _ask(gateway + _PATH, here.access().api_key, body)
    show.item(found, json=as_json)
    if not found.get("allowed"):
        raise typer.Exit(1)


def given_secret(file: Path | None) -> str:
    """A secret to speak of. Never an argument: other users of the machine see those."""
    try:
        if file is not None:
            return file.read_text("utf-8").strip()
        return (getpass("Key: ") if sys.stdin.isatty() else sys.stdin.read()).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{file}: {error}") from None


def _ask(url: str, api_key: str, body: dict[str, Any]) -> dict[str, Any]:
    import httpx

    from keyhouse_client import ProblemError

    try:
        headers = {"Authorization": f"Bearer {api_key}"}
        answer = httpx.post(url, json=body, headers=headers, timeout=30)
        found: dict[str, Any] = answer.json()
    except (httpx.TransportError, ValueError) as error:
        raise OutOfReach(f"the gateway at {url}: {error}") from None
    if not answer.is_success:
        raise ProblemError(answer.status_code, found, "")
    return found
