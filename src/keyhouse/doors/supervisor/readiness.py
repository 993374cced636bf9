"""Asking a process whether it can serve, by hand: one GET, 200 or not; a Valkey's PING."""

import asyncio
import socket

from keyhouse.doors.supervisor.sockets import reachable_at

ANSWER_SECONDS_MAX = 2.0


async def is_ready(bound: socket.socket, path: str) -> bool:
    """Whether what listens on `bound` answers 200 to GET `path`, soon."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            return await _asked(*reachable_at(bound), path)
    except OSError:
        # A TimeoutError is an OSError.
        return False


async def answers_ping(path: str) -> bool:
    """Whether a Valkey answers on that unix socket, soon."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                writer.write(b"PING\r\n")
                return await reader.readline() == b"+PONG\r\n"
            finally:
                writer.close()
    except (OSError, ValueError):
        # A ValueError is a line without an end: whatever that is, it is no answer.
        return False


async def _asked(host: str, port: int, path: str) -> bool:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        name = f"[{host}]" if ":" in host else host
        head = f"GET {path} HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode("ascii"))
        await writer.drain()
        line = await reader.readline()
        return line.split(b" ")[1:2] == [b"200"]
    finally:
        writer.close()
