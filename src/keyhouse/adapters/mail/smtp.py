"""Mails to a server, by SMTP."""

import smtplib
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

from keyhouse.adapters.mail.message import message
from keyhouse.ports import Mail

SECONDS_MAX: Final = 15.0
"""For each answer of the server."""


class SmtpServer:
    """Delivers to the server of `smtp://user:password@host:587` or `smtps://…`.

    The connection is encrypted wherever the server offers it, and its
    certificate is checked. A password goes out on no other, but to this
    machine itself.
    """

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self._implicit = parts.scheme == "smtps"
        self._host = parts.hostname or ""
        self._port = parts.port or (465 if self._implicit else 587)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = sender

    def __repr__(self) -> str:
        return f"SmtpServer({self._host}:{self._port})"

    def deliver(self, mail: Mail) -> None:
        """Hand over one mail. Raises OSError (as all of smtplib's) where it can't."""
        with self._connected() as server:
            if self._user:
                server.login(self._user, self._password)
            made = message(mail, self._sender)
            # What smtplib reads out of the header need not be that one address.
            server.send_message(made, to_addrs=[mail.to])

    @contextmanager
    def _connected(self) -> Generator[smtplib.SMTP]:
        context = ssl.create_default_context()
        if self._implicit:
            with smtplib.SMTP_SSL(
                self._host, self._port, timeout=SECONDS_MAX, context=context
            ) as server:
                yield server
            return
        with smtplib.SMTP(self._host, self._port, timeout=SECONDS_MAX) as server:
            if not self._is_here():
                self._encrypt(server, context)
            yield server

    def _encrypt(self, server: smtplib.SMTP, context: ssl.SSLContext) -> None:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
        elif self._user:
            raise smtplib.SMTPNotSupportedError(
                "the server offers no TLS, and a password goes out on no other connection"
            )

    def _is_here(self) -> bool:
        if self._host == "localhost":
            return True
        try:
            return ip_address(self._host).is_loopback
        except ValueError:
            return False
