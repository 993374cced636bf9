"""The parent: holds the sockets, keeps the children, passes the end on."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping, Sequence

from keyhouse.doors.supervisor.child import WRONG_USE, Child, Tell, nobody
from keyhouse.doors.supervisor.plan import Plan, Timing
from keyhouse.doors.supervisor.rounds import rounds

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
    tell: Tell = nobody,
) -> int:
    """Run all plans until SIGTERM or SIGINT; returns the exit code.

    0 after such a signal, when requests in flight are finished (at most
    `grace_seconds`; a second signal ends the wait). 2 where a child's
    settings are wrong, 1 where one never becomes ready. With `once` it ends
    when `on_ready` is done. The sockets of the plans are closed at the end;
    those without a socket serve the others, start before them and end last.

    SIGHUP replaces all processes that have a socket, one after the other, and
    loses no request: so a new version, or a changed file, is taken up. One that comes
    meanwhile has all of them replaced once more.

    With `timing.hung_seconds`, one that has not moved for so long is replaced and
    killed; at its start, for `start_seconds`. `tell` hears of each process that had
    to be started anew.
    """
    return asyncio.run(_Supervisor(plans, timing, tell).run(on_ready, once=once))


class _Supervisor:
    def __init__(self, plans: Sequence[Plan], timing: Timing, tell: Tell) -> None:
        self._timing = timing
        self._children = [Child(plan, timing, tell) for plan in plans]
        self._serving = [one for one in self._children if one.plan.socket is not None]
        self._behind = [one for one in self._children if one.plan.socket is None]
        self._signals: asyncio.Queue[int] = asyncio.Queue()
        self._renewing: asyncio.Task[None] | None = None
        self._is_asked_to_renew = False

    async def run(self, on_ready: OnReady, *, once: bool) -> int:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._signals.put_nowait, number)
        loop.add_signal_handler(signal.SIGHUP, self._ask_to_renew)
        # Before all are started: what the others need may hang as well.
        looking = asyncio.create_task(self._look())
        keeping = await self._start()
        told = asyncio.create_task(self._tell(on_ready))
        try:
            return await self._watch(keeping, told, once=once)
        finally:
            told.cancel()
            looking.cancel()
            if self._renewing is not None:
                self._renewing.cancel()
            await self._stop(keeping)
            for number in (*_SIGNALS, signal.SIGHUP):
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

    async def _start(self) -> set[asyncio.Task[int]]:
        """Start all; first, and until they are ready, what the others need.

        A signal that comes meanwhile leaves the others unstarted.
        """
        keeping = {asyncio.create_task(child.keep()) for child in self._behind}
        signalled = asyncio.create_task(self._signals.get())
        for child in self._behind:
            ready = asyncio.create_task(self._become_ready(child))
            await asyncio.wait(
                {ready, signalled, *keeping}, return_when=asyncio.FIRST_COMPLETED
            )
            ready.cancel()
        if signalled.done():
            self._signals.put_nowait(signalled.result())
            return keeping
        signalled.cancel()
        return keeping | {asyncio.create_task(child.keep()) for child in self._serving}

    def _ask_to_renew(self) -> None:
        self._is_asked_to_renew = True
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.get_running_loop().create_task(self._renew())

    async def _renew(self) -> None:
        """Replace all, and once more where that was asked for meanwhile: who was

        replaced before then may have read what was there before.
        """
        while self._is_asked_to_renew:
            self._is_asked_to_renew = False
            is_done = await self._replace_all()
            if is_done and not self._is_asked_to_renew:
                _log.warning("all processes have been replaced")

    async def _replace_all(self) -> bool:
        """Replace one after the other; where one does not get ready, the rest stay."""
        for child in self._serving:
            if not await child.replace():
                return False
        return True

    async def _look(self) -> None:
        """Have each that hangs replaced, several at once if need be."""
        if not self._timing.hung_seconds:
            return
        seconds = self._timing.look_seconds
        async with asyncio.TaskGroup() as tasks:
            for child in self._children:
                name = child.plan.name
                tasks.create_task(rounds(f"watching {name}", child.look, seconds))
                if child.plan.probe is not None:
                    tasks.create_task(rounds(f"asking {name}", child.ask, seconds))

    async def _tell(self, on_ready: OnReady) -> int:
        await asyncio.gather(*(self._become_ready(child) for child in self._children))
        pids = {child.plan.name: child.pid or 0 for child in self._children}
        return await asyncio.to_thread(on_ready, pids)

    async def _become_ready(self, child: Child) -> None:
        what = f"waiting for {child.plan.name}"
        await rounds(what, child.is_ready, self._timing.poll_seconds)
        child.was_ready = True

    async def _stop(self, keeping: set[asyncio.Task[int]]) -> None:
        for child in self._serving:
            if child.plan.socket is not None:
                child.plan.socket.close()
            child.stop()
        hurry = asyncio.create_task(self._signals.get())
        try:
            async with asyncio.timeout(self._timing.grace_seconds):
                while self._is_serving() and not hurry.done():
                    running = {task for task in keeping if not task.done()}
                    await asyncio.wait(
                        {*running, hurry}, return_when=asyncio.FIRST_COMPLETED
                    )
        except TimeoutError:
            _log.warning("requests took too long to finish; ending them")
        hurry.cancel()
        for child in self._serving:
            child.kill()
        for child in self._behind:
            child.stop()
        await asyncio.wait(keeping, timeout=self._timing.takeover_seconds)
        for child in self._behind:
            child.kill()
        await asyncio.gather(*keeping)

    def _is_serving(self) -> bool:
        return any(child.pid is not None for child in self._serving)
