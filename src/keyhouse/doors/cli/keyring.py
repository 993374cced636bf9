"""`keyhouse keyring`: the keys of the server itself, on this machine."""

from enum import StrEnum
from typing import Annotated

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


class Algorithm(StrEnum):
    """By which a key signs."""

    EDDSA = "EdDSA"
    ES256 = "ES256"


_Algorithm = Annotated[
    Algorithm,
    typer.Option(help="ES256 where those who check the tokens know no EdDSA."),
]


@keyring.command(
    "new-signing-key",
    epilog="Example: keyhouse keyring new-signing-key --algorithm ES256",
)
def new_signing_key(
    context: typer.Context,
    *,
    algorithm: _Algorithm = Algorithm.EDDSA,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Sign with a fresh key from the next start on.

    What the older ones signed is still taken, and /.keyhouse/jwks.json tells
    them as well, until you retire them.
    """
    found = desk(context)
    found.add(config, data_dir, assigned)
    id = found.installation().new_signing_key(algorithm.value)
    done({"id": id}, f"{id} signs from the next start on.", json=as_json)


@keyring.command(
    "retire-signing-key",
    epilog="Example: keyhouse keyring retire-signing-key sign_0a1b2c3d4e5f6071",
)
def retire_signing_key(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="A key that signs no more.")],
    *,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Take out a key that signs no more: what it signed is refused from then on.

    Wait until all gateways sign with another one, and the longest-lived token
    of it has ended (a day at most). Restart the gateways after it.
    """
    found = desk(context)
    found.add(config, data_dir, assigned)
    found.installation().drop_signing_key(id)
    done({"id": id}, f"{id} is gone. Restart the gateways.", json=as_json)
