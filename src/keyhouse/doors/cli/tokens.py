"""`keyhouse tokens`: tokens of users, refused before their time."""

from typing import Annotated

import typer

from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.nouns import done

tokens = typer.Typer(no_args_is_help=True, help="Tokens of users.")


@tokens.command(
    "revoke",
    epilog="Example: keyhouse tokens revoke app_06TbZQ2dGmM8vXk1cPqRst --user alice",
)
def revoke_tokens(
    context: typer.Context,
    application: Annotated[str, typer.Argument(help="Whose users they stand for.")],
    *,
    token: Annotated[str | None, typer.Option(help="One token, by its id (`jti`).")] = None,
    session: Annotated[str | None, typer.Option(help="All of a session (`sid`).")] = None,
    user: Annotated[str | None, typer.Option(help="All of a user (`sub`).")] = None,
    key: Annotated[str | None, typer.Option(help="All minted with this key.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All of the application.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Refuse tokens that were issued so far; new ones are good at once."""
    with desk(context).client() as client:
        told = client.tokens.revoke(
            application, token=token, session=session, user=user, key=key, all=everything
        )
    words = f"Revoked: {told['kind']} {told['value']}, issued before {told['before']}."
    done(told, words, json=as_json)
