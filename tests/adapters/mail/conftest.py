"""A real SMTP server, on this machine, that keeps what it takes."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from time import monotonic, sleep
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

USER, PASSWORD = "ada@here", "p:ss/w@rd"


@dataclass
class Handler:
    """Takes mails; says `answers`, one after the other, before it takes any."""

    took: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    tries: int = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - its name there
        self.tries += 1
        self.recipients += envelope.rcpt_tos
        if self.answers:
            return self.answers.pop(0)
        self.took.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@dataclass
class Server:
    """The server, running, and where."""

    handler: Handler
    port: int


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def until(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = monotonic() + seconds
    while not true():
        if monotonic() > end:
            return False
        sleep(0.01)
    return True


def _known(
    server: Any, session: Any, envelope: Any, mechanism: str, data: Any
) -> AuthResult:
    given = isinstance(data, LoginPassword) and (data.login, data.password)
    right = given == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=right)  # else it answers 535 itself


@pytest.fixture
def server() -> Iterator[Server]:
    handler = Handler()
    running = Controller(
        handler,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=_known,
        auth_require_tls=False,
    )
    running.start()
    yield Server(handler, running.port)
    running.stop()
