"""Nobody waits for a mail, and a mail waits for its server."""

import logging
import threading
from threading import Event
from time import perf_counter

import pytest

from keyhouse.adapters.mail import Outbox, SmtpServer
from keyhouse.adapters.mail.outbox import WAITING_MAX
from keyhouse.ports import Mail
from tests.adapters.mail.conftest import Server, free_port, until

MAIL = Mail("ada@example.org", "Hello", "text\n")
SENDER = "keyhouse@example.com"


def _outbox(server: Server, *pauses: float) -> Outbox:
    smtp = SmtpServer(f"smtp://127.0.0.1:{server.port}", SENDER)
    return Outbox(smtp.deliver, pauses or (0.02, 0.05))


def _wait(go: Event) -> None:
    go.wait(10)


def test_mails_arrive_in_their_order(server: Server) -> None:
    outbox = _outbox(server)
    for number in range(5):
        outbox.send(MAIL._replace(subject=f"no {number}"))
    outbox.close()
    assert [took["Subject"] for took in server.handler.took] == [
        f"no {number}" for number in range(5)
    ]


def test_who_sends_does_not_wait_for_the_server() -> None:
    go = Event()
    outbox = Outbox(lambda _: _wait(go))
    start = perf_counter()
    for _ in range(20):
        outbox.send(MAIL)
    assert perf_counter() - start < 0.1
    go.set()
    outbox.close()


def test_a_server_that_says_later_is_asked_again(server: Server) -> None:
    server.handler.answers = ["451 come back"] * 2
    outbox = _outbox(server)
    outbox.send(MAIL)
    assert until(lambda: len(server.handler.took) == 1)
    assert server.handler.tries == 3
    outbox.close()


def test_one_that_has_to_wait_holds_no_other_up(server: Server) -> None:
    server.handler.answers = ["451 come back"]
    outbox = _outbox(server, 60.0)
    outbox.send(MAIL)
    outbox.send(MAIL._replace(subject="second"))
    assert until(lambda: len(server.handler.took) == 1)
    assert server.handler.took[0]["Subject"] == "second"
    outbox.close()


def test_a_server_that_says_never_is_asked_once(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.handler.answers = ["550 ada@example.org is unknown here"]
    outbox = _outbox(server)
    outbox.send(MAIL)
    assert until(lambda: "given up" in caplog.text)
    outbox.close()
    assert server.handler.tries == 1
    assert "550" in caplog.text
    assert "ada@example.org" not in caplog.text


def test_a_server_that_is_gone_is_given_up_in_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    smtp = SmtpServer(f"smtp://127.0.0.1:{free_port()}", SENDER)
    outbox = Outbox(smtp.deliver, (0.01, 0.01))
    outbox.send(MAIL)
    assert until(lambda: "given up" in caplog.text)
    outbox.close()
    assert caplog.text.count("has to wait") == 2


def test_a_flood_is_dropped_and_told(caplog: pytest.LogCaptureFixture) -> None:
    go = Event()
    outbox = Outbox(lambda _: _wait(go))
    for _ in range(WAITING_MAX + 2):
        outbox.send(MAIL)
    assert "dropped" in caplog.text
    go.set()
    outbox.close()


def test_a_mail_that_no_header_takes_does_not_end_the_thread(server: Server) -> None:
    outbox = _outbox(server)
    outbox.send(MAIL._replace(to="a\nb"))
    outbox.send(MAIL)
    outbox.close()
    assert len(server.handler.took) == 1


@pytest.mark.parametrize("to", ["=?utf-8?q??=@b.co", "a@=?x?b?!!?=", ""])
def test_an_address_that_trips_the_library_holds_no_other_up(
    server: Server, to: str
) -> None:
    """Rows of before such addresses were refused may hold one."""
    outbox = _outbox(server)
    outbox.send(MAIL._replace(to=to))
    outbox.send(MAIL)
    outbox.close()
    assert server.handler.took[-1]["To"] == MAIL.to


def test_whatever_a_mail_raises_it_is_given_up_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    delivered: list[Mail] = []

    def deliver(mail: Mail) -> None:
        if mail.to == "odd":
            raise IndexError(mail.to)
        delivered.append(mail)

    outbox = Outbox(deliver)
    outbox.send(MAIL._replace(to="odd"))
    outbox.send(MAIL)
    outbox.close()
    assert delivered == [MAIL]
    assert "given up: IndexError" in caplog.text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ended_is_started_again_by_the_next_mail() -> None:
    tried: list[Mail] = []

    def deliver(mail: Mail) -> None:
        tried.append(mail)
        if len(tried) == 1:
            raise SystemExit

    outbox = Outbox(deliver)
    outbox.send(MAIL)
    assert until(lambda: not any(one.name == "mail" for one in threading.enumerate()))
    outbox.send(MAIL)
    assert until(lambda: len(tried) == 2)
    outbox.close()


def test_an_outbox_that_was_not_used_ends_at_once() -> None:
    Outbox(lambda _: None).close()
