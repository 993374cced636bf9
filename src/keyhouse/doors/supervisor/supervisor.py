"""The parent: holds the sockets, keeps the children, passes the end on."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping, Sequence

from keyhouse.doors.supervisor.child import WRONG_USE, Child, Plan, Timing
from keyhouse.doors.supervisor.readiness import is_ready

OnReady = Callable[[Mapping[str, int]], int]
"""Called on a thread once all are ready, with their process ids by name.

Anything but 0 ends everything, with that as the exit code.
"""

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_log = logging.getLogger("keyhouse.supervisor")


def supervise(
    plans: Sequence[Plan],
    on_ready: OnReady,
    *,
    once: bool = False,
    timing: Timing = Timing(),  # noqa: B008  (a frozen value)
) -> int:
    """Run all plans until SIGTERM or SIGINT; returns the exit code.

    0 after such a signal, when requests in flight are finished (at most
    `grace_seconds`; a second signal ends the wait). 2 where a child's
    settings are wrong, 1 where one never becomes ready. With `once` it ends
    when `on_ready` is done. The sockets of the plans are closed at the end.
    """
    return asyncio.run(_Supervisor(plans, timing).run(on_ready, once=once))


class _Supervisor:
    def __init__(self, plans: Sequence[Plan], timing: Timing) -> None:
        self._timing = timing
        self._children = [Child(plan, timing) for plan in plans]
        self._signals: asyncio.Queue[int] = asyncio.Queue()

    async def run(self, on_ready: OnReady, *, once: bool) -> int:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._signals.put_nowait, number)
        keeping = {asyncio.create_task(child.keep()) for child in self._children}
        told = asyncio.create_task(self._tell(on_ready))
        try:
            return await self._watch(keeping, told, once=once)
        finally:
            told.cancel()
            await self._stop(keeping)
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    async def _watch(
        self, keeping: set[asyncio.Task[int]], told: asyncio.Task[int], *, once: bool
    ) -> int:
        """The exit code, as soon as there is a reason to end."""
        signalled = asyncio.create_task(self._signals.get())
        waited: set[asyncio.Task[int]] = {*keeping, told, signalled}
        try:
            while True:
                done, waited = await asyncio.wait(
                    waited, return_when=asyncio.FIRST_COMPLETED
                )
                if signalled in done:
                    return 0
                if done & keeping:
                    codes = [task.result() for task in done & keeping]
                    return WRONG_USE if WRONG_USE in codes else 1
                if told.result() != 0 or once:
                    return told.result()
        finally:
            signalled.cancel()

    async def _tell(self, on_ready: OnReady) -> int:
        await asyncio.gather(*(self._become_ready(child) for child in self._children))
        pids = {child.plan.name: child.pid or 0 for child in self._children}
        return await asyncio.to_thread(on_ready, pids)

    async def _become_ready(self, child: Child) -> None:
        while not await is_ready(child.plan.socket, child.plan.ready_path):  # noqa: ASYNC110  (another process: no event tells)
            await asyncio.sleep(self._timing.poll_seconds)
        child.was_ready = True

    async def _stop(self, keeping: set[asyncio.Task[int]]) -> None:
        for child in self._children:
            child.plan.socket.close()
            child.stop()
        hurry = asyncio.create_task(self._signals.get())
        running = set(keeping)
        try:
            async with asyncio.timeout(self._timing.grace_seconds):
                while running and not hurry.done():
                    await asyncio.wait(
                        {*running, hurry}, return_when=asyncio.FIRST_COMPLETED
                    )
                    running = {task for task in running if not task.done()}
        except TimeoutError:
            _log.warning("requests took too long to finish; ending them")
        hurry.cancel()
        for child in self._children:
            child.kill()
        await asyncio.gather(*keeping)
