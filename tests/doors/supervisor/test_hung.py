"""A process that owns its socket and does nothing: stopped, or held up in its loop."""

import ctypes
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil

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


def test_one_that_gets_stuck_at_its_start_is_replaced(
    start: Start, port: int, tmp_path: Path
) -> None:
    """It has not beaten yet, and never would; who connects would wait for ever."""
    stuck = tmp_path / "stuck"
    parent = start(*HUNG, "--start", "0.2", "--stuck", str(stuck))
    assert _child_of(parent) == _asked(port)
    told = _told(parent)
    assert "small hangs at its start: pid " in told
    assert "has not moved for 1.8 s" in told
    assert "told: small hung" in told
    assert "told: small ended" not in told


def test_what_others_need_is_replaced_at_its_start_as_well(
    start: Start, port: int, tmp_path: Path
) -> None:
    """They are started when it answers: nothing would ever be."""
    aside = ("--aside", "stuck", str(tmp_path / "aside"))
    parent = start(*HUNG, "--start", "0.2", *aside)
    assert _child_of(parent) == _asked(port)
    assert "aside hangs at its start: pid " in _told(parent)


def test_who_waits_for_what_others_need_can_be_ended(start: Start, tmp_path: Path) -> None:
    """Also where that one hangs, and so does not end when it is asked to."""
    file = tmp_path / "aside"
    parent = start("--tells", "--aside", "mute", str(file))
    assert _until(file.exists)
    [aside] = psutil.Process(parent.pid).children()
    aside.suspend()
    parent.send_signal(signal.SIGINT)
    assert parent.wait(5) == 0
    assert not _lives(aside.pid)


def test_one_that_hangs_goes_also_where_no_other_can_be_started(
    start: Start, port: int
) -> None:
    """A machine short of something for a minute must not end the whole installation."""
    parent = start(*HUNG)
    first = _child_of(parent)
    files = resource.prlimit(parent.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(parent.pid, resource.RLIMIT_NOFILE, (4, files[1]))
    os.kill(first, signal.SIGSTOP)
    assert parent.stderr is not None
    assert any("small can't be started: [Errno 24]" in line for line in parent.stderr)
    assert not _lives(first)
    resource.prlimit(parent.pid, resource.RLIMIT_NOFILE, files)
    assert _asked(port) != first


def test_a_look_that_fails_is_told_once_and_the_others_are_watched_on(
    start: Start, port: int, tmp_path: Path
) -> None:
    """One odd answer must not leave all processes without anybody who looks."""
    aside = ("--aside", "answers", str(tmp_path / "aside"))
    parent = start(*HUNG, "--tell-fails", *aside)
    first = _child_of(parent)
    os.kill(first, signal.SIGSTOP)
    assert int(httpx.get(f"http://127.0.0.1:{port}/", timeout=30).text) != first
    assert _until(lambda: not _lives(first))
    told = _told(parent)
    assert told.count("asking aside: ValueError: an odd answer; goes on") == 1
    assert "LookupError: nobody listens" in told


def test_without_a_bound_nobody_is_watched(start: Start, port: int) -> None:
    parent = start("--tells", "--hung", "0")
    first = _child_of(parent)
    os.kill(first, signal.SIGSTOP)
    time.sleep(BOUND / 2)
    os.kill(first, signal.SIGCONT)
    assert _asked(port) == first
    assert "hangs" not in _told(parent)
