"""How long a key takes that is in the database and not in the cache.

`python -m bench.cold KEYS sqlite|postgresql` prints `{"p50_ms": …, "p99_ms": …}`: so
many keys are written, then some of them, far apart, verified one after the
other by a real data plane that never saw them.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.crowd import SLUG, Crowd, new_world, secret_of, settings_of
from keyhouse import Keyhouse
from tests.servers.postgres import PostgresServer

ASKED: Final = 300
WARM: Final = 20
_PAUSE_SECONDS: Final = 0.002


@contextmanager
def _database(kind: str) -> Iterator[str]:
    """The address of an empty one; '' is SQLite in the data folder."""
    if kind == "sqlite":
        yield ""
        return
    server = PostgresServer()
    try:
        yield server.url(server.create())
    finally:
        server.stop()


async def _measured(folder: Path, database_url: str, keys: int) -> dict[str, float]:
    settings = settings_of(folder, database_url)
    crowd = Crowd(settings, new_world(settings))
    crowd.write(range(keys))
    crowd.done()
    environ = {
        "KEYHOUSE_DATA__DIR": str(folder),
        "KEYHOUSE_DATA__DATABASE_URL": database_url,
    }
    kh = Keyhouse.from_env(environ)
    async with kh.running():
        took = [await _took(kh, number * keys // (ASKED + WARM)) for number in _order()]
    told = took[WARM:]
    p99 = statistics.quantiles(told, n=100)[-1]
    return {"p50_ms": statistics.median(told), "p99_ms": p99}


def _order() -> Iterator[int]:
    """All below ASKED + WARM, no two neighbours behind each other."""
    count = ASKED + WARM
    for number in range(count):
        yield number * 151 % count


async def _took(kh: Keyhouse, number: int) -> float:
    """Milliseconds of one verification."""
    await asyncio.sleep(_PAUSE_SECONDS)
    secret = secret_of(number)
    began = time.perf_counter()
    decision = await kh.verify(secret, api=SLUG, address="127.0.0.1")
    took = time.perf_counter() - began
    if not decision.allowed:
        raise AssertionError(decision)
    return took * 1000


def main() -> None:
    """Measure and tell."""
    keys, kind = int(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as folder, _database(kind) as url:
        measured = _measured(Path(folder) / "data", url, keys)
        print(json.dumps(asyncio.run(measured)))


if __name__ == "__main__":
    main()
