"""A child as the supervisor starts it: answers its pid, at /slow half a second
after the head, at /held once the caller has sent a line more; /hang holds the loop
up for half a minute.

Options before --listen-fd: `--exit N` ends at once with that code, `--mute`
answers 503 for ever, `--deaf` takes no notice of SIGTERM, `--first FILE` ends at
once but for the first time, which makes the file, and `--stuck FILE` stops itself
that first time. `--orphan SECONDS` is how long it may outlive its parent.
"""

import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path

from keyhouse.doors.supervisor.orphan import end_after_parent
from keyhouse.doors.supervisor.pulse import Beating


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, mute: bool
) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if b"/hang" in head:
        time.sleep(30)  # noqa: ASYNC251  (a bug)
    status = b"503 No" if mute else b"200 OK"
    body = str(os.getpid()).encode()
    writer.write(
        b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        % (status, len(body))
    )
    if b"/slow" in head:
        await asyncio.sleep(0.5)
    if b"/held" in head:
        await reader.readline()
    writer.write(body)
    await writer.drain()
    writer.close()


async def _serve(
    fd: int, beat_fd: int | None, ready_fd: int | None, *, mute: bool, deaf: bool
) -> None:
    running: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_answer(reader, writer, mute=mute))
        running.add(task)
        await task

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGTERM, (lambda: None) if deaf else stop.set
    )
    if beat_fd is not None:
        Beating(beat_fd)
    server = await asyncio.start_server(answer, sock=socket.socket(fileno=fd))
    if ready_fd is not None:
        os.write(ready_fd, b"ready\n")
    await stop.wait()
    server.close()
    await asyncio.gather(*running)


def main(arguments: list[str]) -> int:
    if "--exit" in arguments:
        return int(arguments[arguments.index("--exit") + 1])
    if "--first" in arguments:
        made = Path(arguments[arguments.index("--first") + 1])
        if made.exists():
            return 1
        made.touch()
    if "--stuck" in arguments:
        made = Path(arguments[arguments.index("--stuck") + 1])
        if not made.exists():
            made.touch()
            os.kill(os.getpid(), signal.SIGSTOP)
    if "--orphan" in arguments:
        end_after_parent(float(arguments[arguments.index("--orphan") + 1]))
    fd = int(arguments[arguments.index("--listen-fd") + 1])
    beat, ready = _number(arguments, "--beat-fd"), _number(arguments, "--ready-fd")
    mute, deaf = "--mute" in arguments, "--deaf" in arguments
    asyncio.run(_serve(fd, beat, ready, mute=mute, deaf=deaf))
    return 0


def _number(arguments: list[str], name: str) -> int | None:
    return int(arguments[arguments.index(name) + 1]) if name in arguments else None


sys.exit(main(sys.argv[1:]))
