"""`keyhouse keys revoke`: a key for ever, or all of somebody's; `keyhouse keys kill`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from keyhouse.doors.cli import asking
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.entries import WrongUse
from keyhouse.doors.cli.nouns import done, given
from keyhouse.doors.cli.verify import given_secret
from keyhouse.doors.cli.waiting import Wait, Watch


def add_revoking(keys: typer.Typer) -> None:
    """Add the commands that end keys and secrets."""
    keys.command(
        "revoke",
        epilog="Example: keyhouse keys revoke ID\n\n"
        "Example: keyhouse keys revoke --all-of-application ID --dry-run\n\n"
        "Example: keyhouse keys revoke ID --wait",
    )(revoke)
    keys.command("kill", epilog="Example: keyhouse keys kill < leaked.txt")(kill)


def revoke(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    id: Annotated[str | None, typer.Argument(help="The id, as `list` shows it.")] = None,
    *,
    application: Annotated[
        str | None, typer.Option("--all-of-application", help="All keys of this one.")
    ] = None,
    customer: Annotated[
        str | None, typer.Option("--all-of-customer", help="Id or external id.")
    ] = None,
    owner: Annotated[
        str | None, typer.Option("--all-of-owner", help="Id, or a member's address.")
    ] = None,
    project: Annotated[
        str | None, typer.Option("--all-of-project", help="All keys of this one.")
    ] = None,
    expected: Annotated[
        int | None, typer.Option(min=0, help="Only if there are so many keys.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count them; change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Refuse a key for ever, or all keys of an application, customer, owner or project."""
    whose = (application, customer, owner, project)
    if sum(one is not None for one in (id, *whose)) != 1:
        raise WrongUse("Name one key by its ID, or one --all-of-…")
    if wait and dry_run:
        raise WrongUse("--dry-run changes nothing to --wait for.")
    if id is None and not (dry_run or yes):
        asking.demand_somebody(as_json=as_json)
    if id is not None:
        with desk(context).client() as client:
            watch = Watch(client)
            key = watch.post("keys", id, "revoke")
            words = f"{id} is {key.get('state', 'revoked')}"
            watch.tell(key, words, wait=wait, json=as_json)
        return
    with desk(context).client() as client:
        body = {
            "application": application,
            "customer": customer,
            "owner": owner,
            "project": project,
            "expected": expected,
        }
        watch = Watch(client)
        revoke_all = partial(watch.post, "keys", "revoke", **given(body))
        if dry_run or not yes:
            seen = revoke_all(dry_run=True)
            words = f"{seen['revoked']} of {seen['matched']} keys would be revoked"
            if dry_run:
                done(seen, words, json=as_json)
                return
            asking.ask(f"{words}, for ever. Go on?")
        found = revoke_all(dry_run=False)
        words = f"{found['revoked']} of {found['matched']} keys revoked"
        watch.tell(found, words, wait=wait, json=as_json)


def kill(
    context: typer.Context,
    *,
    secret_file: Annotated[
        Path | None, typer.Option(help="Where the secret is; else stdin is asked for it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Refuse a secret from now on, whosever it is. The answer tells nothing of it."""
    with desk(context).client() as client:
        found = client.secrets.revoke(given_secret(secret_file))
    done(found, "If it was a secret here, it is refused from now on.", json=as_json)
