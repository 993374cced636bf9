"""How long a key takes that is in the database and not in the cache.

`python -m bench.cold KEYS sqlite|postgresql` prints `{"p50_ms": …, "p99_ms": …,
"cpu_ms": …}`: from the string to the decision, with all reads of the database;
see `tests.scale.cold`. The gateway has these reads done on a thread of its own,
which is not in it.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.scale.cold import measure
from tests.servers.postgres import PostgresServer

ASKED_MAX: Final = 4_000


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty one."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/keyhouse.db"
        return
    server = PostgresServer()
    try:
        yield server.url(server.create())
    finally:
        server.stop()


def measured(kind: str, folder: Path, keys: int) -> dict[str, float]:
    """Milliseconds, of a database with so many keys."""
    with _database(kind, folder) as url:
        told = measure(url, keys, min(ASKED_MAX, keys // 10))
    return {
        "p50_ms": told.p50_us / 1000,
        "p99_ms": told.p99_us / 1000,
        "cpu_ms": told.cpu_us / 1000,
    }


def main() -> None:
    """Measure and tell."""
    keys, kind = int(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measured(kind, Path(folder), keys)))


if __name__ == "__main__":
    main()
