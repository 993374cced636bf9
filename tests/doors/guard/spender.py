"""A worker of its own: verifies one key until refused; prints how often it passed."""

import asyncio
import sys

from keyhouse import Keyhouse


async def spend(secret: str, api: str) -> int:
    """Ask one after the other until five refusals in a row."""
    passed = refused = 0
    async with Keyhouse.from_env().running() as kh:
        while refused < 5:
            decision = await kh.verify(secret, api=api)
            refused = 0 if decision.allowed else refused + 1
            passed += decision.allowed
    return passed


if __name__ == "__main__":
    sys.stdout.write(str(asyncio.run(spend(sys.stdin.readline().strip(), "weather"))))
