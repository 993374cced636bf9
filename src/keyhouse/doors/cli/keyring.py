"""`keyhouse keyring`: the keys of the server itself, on this machine."""

import typer

from keyhouse.doors.cli.desk import AsJson, Assigned, Config, DataDir, desk
from keyhouse.doors.cli.nouns import done

keyring = typer.Typer(
    no_args_is_help=True, help="The keyring: keys of the server itself, on this machine."
)


@keyring.command("new-sealing-key", epilog="Example: keyhouse keyring new-sealing-key")
def new_sealing_key(
    context: typer.Context,
    *,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Seal with a fresh key from the next start on; older ones go on unsealing.

    Restart all gateways first and then the management API. Headers that are
    set after that are sealed with the new key.
    """
    found = desk(context)
    found.add(config, data_dir, assigned)
    id = found.installation().new_sealing_key()
    words = f"{id} seals from the next start on. Restart the gateways first."
    done({"id": id}, words, json=as_json)


@keyring.command("new-signing-key", epilog="Example: keyhouse keyring new-signing-key")
def new_signing_key(
    context: typer.Context,
    *,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Sign with a fresh key from the next start on.

    The gateway's /.keyhouse/jwks.json tells the older ones as well.
    """
    found = desk(context)
    found.add(config, data_dir, assigned)
    id = found.installation().new_signing_key()
    done({"id": id}, f"{id} signs from the next start on.", json=as_json)
