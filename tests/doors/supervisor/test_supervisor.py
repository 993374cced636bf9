import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx

Start = Callable[..., subprocess.Popen[str]]


def _child_of(parent: subprocess.Popen[str]) -> int:
    assert parent.stdout is not None
    return int(parent.stdout.readline())


def _until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def _lives(pid: int) -> bool:
    """Whether the process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _asked(port: int, path: str = "/") -> int:
    return int(httpx.get(f"http://127.0.0.1:{port}{path}", timeout=10).text)


def test_a_killed_child_is_replaced_and_no_connection_is_refused(
    start: Start, port: int
) -> None:
    first = _child_of(start())
    os.kill(first, signal.SIGKILL)
    # Connects at once: nobody accepts yet, but the socket is open.
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        assert _asked(port) != first


def test_a_request_in_flight_is_finished_when_the_parent_gets_sigterm(
    start: Start, port: int
) -> None:
    parent = start()
    child = _child_of(parent)
    with httpx.stream("GET", f"http://127.0.0.1:{port}/slow", timeout=10) as answer:
        parent.send_signal(signal.SIGTERM)
        assert int(answer.read()) == child
    assert parent.wait(10) == 0


def test_a_child_that_does_not_end_is_killed_after_the_grace(
    start: Start, port: int
) -> None:
    parent = start("--deaf", grace=0.3)
    child = _child_of(parent)
    parent.send_signal(signal.SIGINT)
    assert parent.wait(5) == 0
    assert not _lives(child)


def test_a_second_signal_ends_the_wait(start: Start) -> None:
    parent = start("--deaf", grace=60)
    _child_of(parent)
    parent.send_signal(signal.SIGTERM)
    assert not _until(lambda: parent.poll() is not None, 0.2)
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(5) == 0


def test_children_end_when_the_parent_is_killed(start: Start) -> None:
    parent = start()
    child = _child_of(parent)
    parent.kill()
    parent.wait()
    assert _until(lambda: not _lives(child))


def test_one_whose_loop_is_held_up_does_not_outlive_a_killed_parent_for_long(
    start: Start, port: int
) -> None:
    """It would keep the port, and the next start would be told that it is taken."""
    parent = start("--tells", "--orphan", "0.2")
    child = _child_of(parent)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as hanging:
        hanging.sendall(b"GET /hang HTTP/1.1\r\n\r\n")
        time.sleep(0.2)
        parent.kill()
        parent.wait()
        assert _until(lambda: not _lives(child))


def test_a_stopped_child_does_not_outlive_a_killed_parent(start: Start) -> None:
    """The kernel wakes whom nobody is left to wake, in the parent's session at least."""
    parent = start("--tells", session=True)
    child = _child_of(parent)
    os.kill(child, signal.SIGSTOP)
    parent.kill()
    parent.wait()
    assert _until(lambda: not _lives(child))


def test_a_child_that_never_starts_well_is_given_up_with_a_word(start: Start) -> None:
    parent = start("--exit", "7")
    _, told = parent.communicate(timeout=20)
    assert parent.returncode == 1
    assert "small ended with exit code 7; giving up" in told


def test_wrong_settings_of_a_child_are_not_tried_again(start: Start) -> None:
    parent = start("--exit", "2")
    _, told = parent.communicate(timeout=20)
    assert parent.returncode == 2
    assert "starts again" not in told


def test_a_child_that_is_up_and_cannot_serve_is_not_called_ready(
    start: Start, port: int
) -> None:
    parent = start("--mute")
    assert _until(lambda: _status(port) == 503)
    parent.send_signal(signal.SIGTERM)
    told, _ = parent.communicate(timeout=10)
    assert told == ""


def _status(port: int) -> int:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/").status_code
    except httpx.TransportError:
        return 0


def test_on_sighup_another_process_takes_over_and_nobody_notices(
    start: Start, port: int
) -> None:
    """A new version is taken up while requests come and are in flight."""
    parent = start("--tells")
    first = _child_of(parent)
    with httpx.stream("GET", f"http://127.0.0.1:{port}/slow", timeout=10) as answer:
        parent.send_signal(signal.SIGHUP)
        assert int(answer.read()) == first
    assert _until(lambda: _asked(port) != first)
    second = _asked(port)
    assert _until(lambda: not _lives(first))
    os.kill(second, signal.SIGKILL)
    assert _asked(port) not in (first, second)


def test_a_sighup_that_comes_while_processes_are_replaced_is_not_lost(
    start: Start, port: int
) -> None:
    """Else what was changed last is taken up by some of them alone."""
    parent = start("--tells")
    first = _child_of(parent)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as held:
        held.sendall(b"GET /held HTTP/1.1\r\n\r\n")
        assert held.recv(1024)
        parent.send_signal(signal.SIGHUP)
        second = _another(port, first)
        # The first one has a request in hand, and so its replacement is not over.
        parent.send_signal(signal.SIGHUP)
        held.sendall(b"\n")
    assert _another(port, first, second)
    assert _until(lambda: not _lives(first) and not _lives(second))
    _told_until(parent, "all processes have been replaced")


def test_one_that_ends_again_and_again_does_not_keep_the_others_from_being_replaced(
    start: Start, tmp_path: Path
) -> None:
    """What ends it may be mended by the very change that is to be taken up."""
    parent = start("--tells", "--beside", "--first", str(tmp_path / "made"))
    first, beside = _child_of(parent), _child_of(parent)
    os.kill(first, signal.SIGKILL)
    # Each pause doubles: this one is long enough to find it without a process.
    _told_until(parent, "starts again in 2.6 s")
    parent.send_signal(signal.SIGHUP)
    assert "small has no process now" in _told_until(parent, "small")
    _told_until(parent, "all processes have been replaced")
    assert _until(lambda: not _lives(beside))


def _another(port: int, *known: int) -> int:
    """The process that answers once none of these does."""
    end = time.monotonic() + 10
    while (pid := _asked(port)) in known:
        assert time.monotonic() < end
        time.sleep(0.01)
    return pid


def _told_until(parent: subprocess.Popen[str], words: str) -> str:
    """The next line of the log that holds these words."""
    assert parent.stderr is not None
    for line in parent.stderr:
        if words in line:
            return line
    raise AssertionError(f"{words!r} was not told")


def test_a_new_process_that_does_not_start_replaces_nothing(
    start: Start, port: int, tmp_path: Path
) -> None:
    """A version that is broken must not end the one that works."""
    parent = start("--tells", "--first", str(tmp_path / "made"))
    first = _child_of(parent)
    parent.send_signal(signal.SIGHUP)
    assert parent.stderr is not None
    told = parent.stderr.readline()
    while "not ready" not in told:
        told = parent.stderr.readline()
        assert told
    assert _asked(port) == first
