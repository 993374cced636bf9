"""How much memory a cached key takes, all that it holds.

`python -m bench.holding KEYS [KIND]…` has a real data plane verify and count so many keys
of a SQLite file, once each, and prints the bytes for each: `bare_bytes` of keys
without restrictions and limits, ten of an application; `own_bytes` with an
application each; `full_bytes` with a network, two rates and a quota as well. These are
what Python has asked for (tracemalloc). `grown_bytes` is what the process
grew by for a key with an application of its own.
"""

import asyncio
import gc
import json
import sys
import tempfile
import tracemalloc
from pathlib import Path
from typing import Final

import psutil

from bench.crowd import SLUG, Crowd, everything, new_world, secret_of, settings_of
from keyhouse import Keyhouse
from keyhouse.core.verdict import Verdict

AT_ONCE: Final = 32
WARM: Final = 500
"""Keys of each kind before those that count: they bring in what is loaded once."""
OF_EACH: Final = 10
LIMITED_OF: Final = 4
"""So many fewer keys with limits: each leases of its quota, which is a commit."""
SETTLE_SECONDS: Final = 1.5
_PATIENCE_SECONDS: Final = 0.02


async def _measured(folder: Path, keys: int, *kinds: str) -> dict[str, float]:
    settings = settings_of(folder)
    crowd = Crowd(settings, new_world(settings))
    counts = {"grown": keys, "bare": keys, "own": keys, "full": keys // LIMITED_OF}
    wishes = {"bare": {"of_each": OF_EACH}, "full": everything()}
    start, ranges = 0, {}
    for name in kinds or counts:
        count = counts[name]
        # Beginning where an application begins.
        ranges[name] = range(start, start + WARM + count)
        crowd.write(ranges[name], **wishes.get(name, {}))
        start += -(-(WARM + count) // OF_EACH) * OF_EACH
    crowd.done()
    environ = {"KEYHOUSE_DATA__DIR": str(folder), "KEYHOUSE_CACHE__KEYS_MAX": str(start)}
    told = {}
    kh = Keyhouse.from_env(environ)
    async with kh.running():
        for name, numbers in ranges.items():
            told[f"{name}_bytes"] = await _taken(kh, numbers, traced=name != "grown")
    return told


async def _taken(kh: Keyhouse, numbers: range, *, traced: bool) -> float:
    """Bytes for a key: what Python has asked for, or the process holds."""
    await _call(kh, numbers[:WARM])
    if traced:
        tracemalloc.start()
    before = await _held(traced=traced)
    await _call(kh, numbers[WARM:])
    after = await _held(traced=traced)
    tracemalloc.stop()
    return (after - before) / len(numbers[WARM:])


async def _held(*, traced: bool) -> int:
    """Bytes, once it is booked what was counted."""
    await asyncio.sleep(SETTLE_SECONDS)
    gc.collect()
    if traced:
        return tracemalloc.get_traced_memory()[0]
    return int(psutil.Process().memory_full_info().uss)


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


def main() -> None:
    """Measure and tell."""
    with tempfile.TemporaryDirectory() as folder:
        keys, kinds = int(sys.argv[1]), sys.argv[2:]
        measured = _measured(Path(folder) / "data", keys, *kinds)
        print(json.dumps(asyncio.run(measured)))


if __name__ == "__main__":
    main()
