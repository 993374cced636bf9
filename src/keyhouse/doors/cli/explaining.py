"""`keyhouse keys explain`: every reason why a request would be refused."""

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.entries import WrongUse
from keyhouse.doors.cli.nouns import given

_REQUEST: Final = "req_"
_COLUMNS = ("check", "outcome", "verdict", "found")
_OPTIONS: Final = {"scopes": "scope", "token": "user"}
"""Fields whose options are called otherwise."""
_WORDS: Final = {
    "passed": "would pass",
    "refused": "would be refused",
    "cannot_tell": "cannot tell: it hangs on what is not told",
}


def explain(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    id: Annotated[
        str, typer.Argument(help="The key's id, or a request's (Keyhouse-Request-Id).")
    ],
    *,
    api: Annotated[str | None, typer.Option(help="If the key opens several.")] = None,
    method: Annotated[str | None, typer.Option(help="The call's method.")] = None,
    path: Annotated[str | None, typer.Option(help="The call's path in the API.")] = None,
    address: Annotated[str | None, typer.Option(help="The caller's address.")] = None,
    referrer: Annotated[str | None, typer.Option(help="The caller's web page.")] = None,
    origin: Annotated[str | None, typer.Option(help="Its origin, without one.")] = None,
    app: Annotated[str | None, typer.Option(help="The app: ios:ID.")] = None,
    environment: Annotated[str | None, typer.Option(help="test or live.")] = None,
    scopes: Annotated[
        list[str] | None, typer.Option("--scope", help="What it must be good for.")
    ] = None,
    cost: Annotated[int | None, typer.Option(help="Units that it would spend.")] = None,
    secret_version: Annotated[
        int | None, typer.Option(help="Of the secret; else the newest that works.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="With a token of this user, minted with the key.")
    ] = None,
    session: Annotated[str | None, typer.Option(help="The token's session.")] = None,
    token_id: Annotated[str | None, typer.Option(help="The token's id, its jti.")] = None,
    claims: Annotated[
        str | None, typer.Option(help="All claims of the token, as JSON; - reads them.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Every reason why a request is refused, and how to mend it.

    Nothing is spent. Tell what you know of the request; of a request in the
    log, its id alone.

    Example: keyhouse keys explain key_… --user alice --method GET --path /notes
    """
    token = {**_claims(claims), **given({"sub": user, "sid": session, "jti": token_id})}
    fields = {
        "api": api,
        "method": method,
        "path": path,
        "address": address,
        "referrer": referrer,
        "origin": origin,
        "app": app,
        "environment": environment,
        "scopes": scopes or None,
        "cost": cost,
        "secret_version": secret_version,
        "token": token or None,
    }
    asked = given(fields)
    with desk(context).client() as client:
        if id.startswith(_REQUEST):
            _alone(asked)
            told = client.requests.explain(id)
        else:
            told = client.keys.explain(id, **asked)
    if as_json:
        show.as_json(told)
    else:
        _show(told)


def _claims(text: str | None) -> dict[str, Any]:
    """The claims that were given as JSON, or typed into standard input."""
    if text is None:
        return {}
    try:
        told = json.loads(sys.stdin.read() if text == "-" else text)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise WrongUse('--claims is no JSON object, as {"sub": "alice"}')
    return told


def _alone(asked: Mapping[str, Any]) -> None:
    for name in asked:
        option = _OPTIONS.get(name, name.replace("_", "-"))
        raise WrongUse(f"--{option}: the log tells of the request; explain its key instead")


def _show(told: Mapping[str, Any]) -> None:
    """The checks as a table, what is to be done about them, and what it comes to."""
    show.rows(told["checks"], _COLUMNS, json=False)
    mends = [one for one in told["checks"] if one["mend"]]
    if mends:
        show.say("")
    for one in mends:
        show.say(f"{one['check']}: {one['mend']}")
    show.say("")
    logged = told["logged"]
    if logged is not None:
        show.say(f"Then, at {logged['at']}: {logged['verdict']}")
        show.say(f"Not in the log: {', '.join(told['not_kept'])}")
    verdict = told["verdict"]
    show.say(f"Now: {_WORDS[told['outcome']]}{f' ({verdict})' if verdict else ''}")
