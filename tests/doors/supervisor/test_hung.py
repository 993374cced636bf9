"""A process that owns its socket and does nothing: stopped, or held up in its loop."""

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable

import httpx

from keyhouse.doors.supervisor.pulse import is_traced
from tests.doors.supervisor.test_supervisor import _asked, _child_of, _lives, _until

Start = Callable[..., subprocess.Popen[str]]
BOUND = 1.6
HUNG = ("--tells", "--hung", str(BOUND))
PTRACE_ATTACH, PTRACE_DETACH = 16, 17
WALL = 0x40000000


def _told(parent: subprocess.Popen[str]) -> str:
    parent.send_signal(signal.SIGTERM)
    return parent.communicate(timeout=20)[1]


def test_a_stopped_child_is_replaced_and_who_waits_is_served(
    start: Start, port: int
) -> None:
    """Its share of the connections would wait for nothing, and nobody would know why."""
    parent = start(*HUNG)
    first = _child_of(parent)
    os.kill(first, signal.SIGSTOP)
    began = time.monotonic()
    assert int(httpx.get(f"http://127.0.0.1:{port}/", timeout=30).text) != first
    assert time.monotonic() - began > BOUND / 2, "not without a reason"
    assert _until(lambda: not _lives(first))
    told = _told(parent)
    assert f"small hangs: pid {first} has not moved for 1.6 s" in told
    assert "told: small hung" in told
    assert "told: small ended" not in told


def test_a_loop_that_is_held_up_is_noticed_as_well(start: Start, port: int) -> None:
    parent = start(*HUNG)
    first = _child_of(parent)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as hanging:
        hanging.sendall(b"GET /hang HTTP/1.1\r\n\r\n")
        assert hanging.recv(1) == b"", "the connection ends with the process"
    assert _asked(port) != first


def test_a_family_that_was_suspended_together_is_not_killed(
    start: Start, port: int
) -> None:
    """Nor where the parent wakes first, as after a suspended machine or container."""
    parent = start(*HUNG)
    first = _child_of(parent)
    for pid in (first, parent.pid):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(BOUND * 1.5)
    os.kill(parent.pid, signal.SIGCONT)
    time.sleep(BOUND / 8)
    os.kill(first, signal.SIGCONT)
    assert _asked(port) == first
    time.sleep(BOUND)
    assert _asked(port) == first
    assert "hangs" not in _told(parent)


def test_one_that_a_debugger_holds_is_let_be(start: Start, port: int) -> None:
    """Who looks at a process at leisure must not see it die."""
    parent = start(*HUNG)
    first = _child_of(parent)
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.ptrace(PTRACE_ATTACH, first, 0, 0) == 0, os.strerror(ctypes.get_errno())
    os.waitpid(first, WALL)
    assert is_traced(first)
    time.sleep(BOUND * 1.5)
    assert libc.ptrace(PTRACE_DETACH, first, 0, 0) == 0
    assert _asked(port) == first
    assert "hangs" not in _told(parent)


def test_without_a_bound_nobody_is_watched(start: Start, port: int) -> None:
    parent = start("--tells", "--hung", "0")
    first = _child_of(parent)
    os.kill(first, signal.SIGSTOP)
    time.sleep(BOUND / 2)
    os.kill(first, signal.SIGCONT)
    assert _asked(port) == first
    assert "hangs" not in _told(parent)
