"""Mails to a real server."""

import smtplib
from urllib.parse import quote

import pytest

from keyhouse.adapters.mail import SmtpServer
from keyhouse.ports import Mail
from tests.adapters.mail.conftest import PASSWORD, USER, Server, free_port

SENDER = "Keyhouse <keyhouse@example.com>"
LINK = "https://keys.example/confirm?ticket=" + "A" * 120
MAIL = Mail("ada@example.org", "Grüße", f"Hallo Ada,\n\n{LINK}\n\nTschüß\n")


def test_a_mail_arrives_as_it_was_written(server: Server) -> None:
    SmtpServer(f"smtp://127.0.0.1:{server.port}", SENDER).deliver(MAIL)
    (took,) = server.handler.took
    assert (took["To"], took["Subject"]) == (MAIL.to, MAIL.subject)
    assert took["From"] == SENDER
    assert took["Auto-Submitted"] == "auto-generated"
    assert took["Message-ID"].endswith("@example.com>")
    assert took["Date"]
    assert LINK in took.get_content().splitlines()
    assert "Tschüß" in took.get_content()


def test_a_mail_goes_to_one_address_whatever_a_header_makes_of_it(server: Server) -> None:
    two = MAIL._replace(to="a@=?utf-8?q?evil.co=2Cvictim=40corp.com?=")
    SmtpServer(f"smtp://127.0.0.1:{server.port}", SENDER).deliver(two)
    assert len(server.handler.recipients) == 1


def test_a_password_with_odd_signs_is_told_as_it_is(server: Server) -> None:
    login = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}"
    SmtpServer(f"smtp://{login}@127.0.0.1:{server.port}", SENDER).deliver(MAIL)
    assert len(server.handler.took) == 1


def test_a_wrong_password_is_an_error_and_stands_in_no_repr(server: Server) -> None:
    wrong = SmtpServer(f"smtp://ada:wrong-word@127.0.0.1:{server.port}", SENDER)
    with pytest.raises(smtplib.SMTPAuthenticationError):
        wrong.deliver(MAIL)
    assert "wrong-word" not in repr(wrong)


def test_a_password_goes_out_on_no_open_connection_to_elsewhere(server: Server) -> None:
    """To Linux 0.0.0.0 is this machine, and to us it is elsewhere."""
    afar = SmtpServer(f"smtp://ada:word@0.0.0.0:{server.port}", SENDER)
    with pytest.raises(smtplib.SMTPNotSupportedError):
        afar.deliver(MAIL)


def test_a_server_without_tls_is_no_server_for_smtps(server: Server) -> None:
    with pytest.raises(OSError, match=r"(?i)ssl|wrong version|record"):
        SmtpServer(f"smtps://127.0.0.1:{server.port}", SENDER).deliver(MAIL)


def test_no_server_is_an_os_error() -> None:
    with pytest.raises(OSError, match="refused"):
        SmtpServer(f"smtp://127.0.0.1:{free_port()}", SENDER).deliver(MAIL)


@pytest.mark.parametrize(
    "mail",
    [
        Mail("ada@example.org\nBcc: all@example.org", "s", "t"),
        Mail("ada@example.org", "s\r\nBcc: all@example.org", "t"),
    ],
)
def test_nobody_adds_a_header(server: Server, mail: Mail) -> None:
    with pytest.raises(ValueError, match=r"(?i)newline|linefeed|CR or LF"):
        SmtpServer(f"smtp://127.0.0.1:{server.port}", SENDER).deliver(mail)
    assert server.handler.took == []
