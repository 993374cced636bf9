"""kh://NAME in an environment, and the secret it stands for."""

from collections.abc import Mapping
from typing import Final

from keyhouse_client.keeping.names import is_name
from keyhouse_client.keeping.refusals import NotStored
from keyhouse_client.keeping.store import Store

SCHEME: Final = "kh://"


def reference(name: str) -> str:
    """What stands for the secret of that name."""
    return f"{SCHEME}{name}"


def referred(value: str) -> str | None:
    """What follows kh:// in a value that begins so; None for any other."""
    return value.removeprefix(SCHEME) if value.startswith(SCHEME) else None


def resolved(environment: Mapping[str, str], store: Store) -> dict[str, str]:
    """The environment with each reference replaced by its secret.

    Only a whole value is a reference: what merely contains one stays as it is. Raises
    NotStored, which names all that are missing, each with its variable and its mend.
    """
    found: dict[str, str] = {}
    missing: list[str] = []
    for variable, value in environment.items():
        name = referred(value)
        secret = value if name is None else _secret(name, store)
        if secret is None:
            missing.append(f"{variable}: {mend(name or '')}")
        else:
            found[variable] = secret
    if missing:
        raise NotStored("nothing was run.\n" + "\n".join(f"  {one}" for one in missing))
    return found


def _secret(name: str, store: Store) -> str | None:
    return store.find(name) if is_name(name) else None


def mend(name: str) -> str:
    """What to do where nothing is stored for what stands behind kh://."""
    if not is_name(name):
        return f"what stands behind {SCHEME} is no name of a secret; write {SCHEME}NAME"
    return f"{reference(name)} is not stored: kh store set {name}"
