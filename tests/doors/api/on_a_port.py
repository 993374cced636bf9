"""The management API on a real port, and the checks of what it answers."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from schemathesis import checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from keyhouse.doors.api import serve
from tests.doors.api.conftest import House

CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
]


@contextmanager
def on_a_port(house: House) -> Iterator[str]:
    """The API's URL, served in a thread with a loop of its own."""
    sock = socket.create_server(("127.0.0.1", 0))
    host, port = sock.getsockname()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    def run() -> None:
        loop.run_until_complete(serve(house.app, sock, stop))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield f"http://{host}:{port}"
    loop.call_soon_threadsafe(stop.set)
    thread.join(20)
    assert not thread.is_alive()
