"""A trivial upstream, far quicker than what is measured in front of it.

`python -m bench.upstream PORT` answers every request on 127.0.0.1:PORT with
the same 200, those with a Content-Length when their body has come. It
understands nothing else. With `--empty` behind it, the answer has no body.
"""

import asyncio
import re
import sys
from typing import cast

import uvloop

BODY = b"Hello, world\n"
_FULL = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n%s" % (
    len(BODY),
    BODY,
)
_EMPTY = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class _Answering(asyncio.Protocol):
    __slots__ = ("_answer", "_tail", "_write")

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are asyncio's in all but their bases.
        self._write = cast("asyncio.WriteTransport", transport).write
        self._tail = b""

    def data_received(self, data: bytes) -> None:
        if self._tail:
            data = self._tail + data
        if data.startswith(b"GET") and data.endswith(_END):
            self._tail = b""
            self._write(self._answer * data.count(_END))
        else:
            self._take(data)

    def _take(self, data: bytes) -> None:
        """One request after the other, each with its body."""
        while (end := data.find(_END) + 4) >= 4:
            length = _LENGTH.search(data, 0, end)
            whole = end + int(length[1]) if length else end
            if len(data) < whole:
                break
            self._write(self._answer)
            data = data[whole:]
        self._tail = data


async def _serve(port: int, answer: bytes) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Answering(answer), "127.0.0.1", port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), _EMPTY if "--empty" in sys.argv else _FULL))
