"""How much memory a cached key takes, all that it holds.

`python -m bench.holding KEYS` prints `{"bare_bytes": …, "full_bytes": …}`: so many
keys of a SQLite file, each of an application of its own, are verified and
counted once each by a real data plane; told is what the process has grown by,
for a key. First keys without restrictions and limits, then fewer with a network, two
rates and a quota.
"""

import asyncio
import gc
import json
import sys
import tempfile
from pathlib import Path
from typing import Final

import psutil

from bench.crowd import SLUG, Crowd, everything, new_world, secret_of, settings_of
from keyhouse import Keyhouse
from keyhouse.core.verdict import Verdict

AT_ONCE: Final = 32
WARM: Final = 500
"""Keys before those that count: they bring in what is loaded once."""
LIMITED_OF: Final = 4
"""So many fewer keys with limits: each leases of its quota, which is a commit."""
SETTLE_SECONDS: Final = 3.0
_PATIENCE_SECONDS: Final = 0.02


async def _measured(folder: Path, keys: int) -> dict[str, float]:
    settings = settings_of(folder)
    crowd = Crowd(settings, new_world(settings))
    bare, limited = keys + WARM, keys // LIMITED_OF + WARM
    every = bare + limited
    crowd.write(range(bare))
    crowd.write(range(bare, every), **everything())
    crowd.done()
    environ = {"KEYHOUSE_DATA__DIR": str(folder), "KEYHOUSE_CACHE__KEYS_MAX": str(every)}
    kh = Keyhouse.from_env(environ)
    told = {}
    async with kh.running():
        for name, start, end in (("bare_bytes", 0, bare), ("full_bytes", bare, every)):
            await _call(kh, range(start, start + WARM))
            before = await _resident()
            await _call(kh, range(start + WARM, end))
            told[name] = (await _resident() - before) / (end - start - WARM)
    return told


async def _call(kh: Keyhouse, numbers: range) -> None:
    """Verify each of them once."""
    waiting = iter(numbers)

    async def some() -> None:
        for number in waiting:
            await _verified(kh, secret_of(number))

    await asyncio.gather(*[some() for _ in range(AT_ONCE)])


async def _verified(kh: Keyhouse, secret: str) -> None:
    """More look-ups a second than there may be are told to come again."""
    while True:
        decision = await kh.verify(secret, api=SLUG, address="127.0.0.1")
        if decision.verdict is not Verdict.UNAVAILABLE:
            break
        await asyncio.sleep(_PATIENCE_SECONDS)
    if not decision.allowed:
        raise AssertionError(decision)


async def _resident() -> int:
    """What the process holds once it has booked what it counted."""
    await asyncio.sleep(SETTLE_SECONDS)
    gc.collect()
    return int(psutil.Process().memory_full_info().uss)


def main() -> None:
    """Measure and tell."""
    with tempfile.TemporaryDirectory() as folder:
        measured = _measured(Path(folder) / "data", int(sys.argv[1]))
        print(json.dumps(asyncio.run(measured)))


if __name__ == "__main__":
    main()
