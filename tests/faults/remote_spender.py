"""A program of its own with a guard: asks for one key until refused, ten at a time."""

import asyncio
import sys

from keyhouse import Keyhouse


async def spend(secret: str) -> int:
    """How often it passed; ends when no more comes for some seconds."""
    passed = silent = 0
    async with Keyhouse.from_env().running() as kh:
        while silent < 12:
            asked = [kh.verify(secret, api="echo") for _ in range(10)]
            allowed = sum(one.allowed for one in await asyncio.gather(*asked))
            passed += allowed
            silent = 0 if allowed else silent + 1
            if not allowed:
                await asyncio.sleep(
                    0.2
                )  # what another one holds and does not use comes back
    return passed


if __name__ == "__main__":
    sys.stdout.write(str(asyncio.run(spend(sys.stdin.readline().strip()))))
