"""A trivial upstream, far quicker than what is measured in front of it.

`python -m bench.upstream PORT` answers every request on 127.0.0.1:PORT with
the same 200. It understands requests without a body, and nothing else.
"""

import asyncio
import sys
from typing import cast

import uvloop

BODY = b"Hello, world\n"
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n%s" % (
    len(BODY),
    BODY,
)
_END = b"\r\n\r\n"


class _Answering(asyncio.Protocol):
    __slots__ = ("_tail", "_write")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are asyncio's in all but their bases.
        self._write = cast("asyncio.WriteTransport", transport).write
        self._tail = b""

    def data_received(self, data: bytes) -> None:
        if self._tail:
            data = self._tail + data
        if data.endswith(_END):
            self._tail = b""
            self._write(_ANSWER * data.count(_END))
        else:
            whole, _, self._tail = data.rpartition(_END)
            self._write(_ANSWER * (whole.count(_END) + 1 if whole else 0))


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Answering, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
