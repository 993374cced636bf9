"""`kh rotate`, and `kh keys create --store`: where a new secret goes."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from tests.client.kh import in_shell, keep, kh, line, stored

if TYPE_CHECKING:
    from tests.client.conftest import Desk

KEY = {"id": "key_1", "name": "mine", "environment": "test", "state": "active"}
NEW = {**KEY, "secret": "kh_sk_test_new"}
LOST = {**KEY, "secret": None, "secret_already_shown": True}
ENDS = "2026-03-09T09:30:00Z"
OLD = {"version": 1, "hint": "kh_sk_test_…old1", "state": "ending", "ends_at": ENDS}
NEWEST = {"version": 2, "hint": "kh_sk_test_…new2", "state": "active", "ends_at": None}
CREATE = ("keys", "create", "mine", "--api", "weather")


def listed(*secrets: dict[str, object]) -> dict[str, object]:
    return {"data": list(secrets), "next_cursor": None}


@pytest.fixture(autouse=True)
def _environment(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYHOUSE_URL", desk.url)
    monkeypatch.setenv("KEYHOUSE_API_KEY", "kh_mk_secret")


def test_a_new_keys_secret_goes_into_the_store_and_nowhere_else(desk: "Desk") -> None:
    desk.say(201, NEW)
    ran = kh(*CREATE, "--store", "planner")
    assert (ran.returncode, ran.stdout) == (0, "")
    assert "its secret is stored as planner, in the folder" in ran.stderr
    assert "kh_sk_test_new" not in ran.stderr
    assert stored("planner") == "kh_sk_test_new"


def test_json_names_where_it_is_in_its_place(desk: "Desk") -> None:
    desk.say(201, NEW)
    told = json.loads(kh(*CREATE, "--store", "planner", "--json").stdout)
    assert (told["secret"], told["secret_stored_as"]) == (None, "planner")


def test_what_can_not_be_kept_makes_no_key(desk: "Desk", tmp_path: Path) -> None:
    keep("planner", "other")
    assert kh(*CREATE, "--store", "planner").returncode == 1
    assert kh(*CREATE, "--store", "no/name").returncode == 2
    assert kh(*CREATE, "--store", "a", "--out", "b").returncode == 2
    (tmp_path / "home" / "data" / "keyhouse" / "secrets").chmod(0o755)
    assert kh(*CREATE, "--store", "mailer").returncode == 1
    assert kh("rotate", "key_1", "--store", "mailer").returncode == 1
    assert not desk.asked


def test_a_new_key_replaces_a_stored_secret_only_with_force(desk: "Desk") -> None:
    keep("planner", "other")
    desk.say(201, NEW)
    assert kh(*CREATE, "--store", "planner", "--force").returncode == 0
    assert stored("planner") == "kh_sk_test_new"


def test_a_rotation_replaces_what_is_stored_and_tells_when_the_old_one_ends(
    desk: "Desk",
) -> None:
    keep("planner", "kh_sk_test_whole_old1")
    desk.say(200, listed({**OLD, "state": "active", "ends_at": None}))
    desk.say(201, NEW)
    desk.say(200, listed(NEWEST, OLD))
    ran = kh("rotate", "key_1", "--overlap", "604800", "--store", "planner")
    assert (ran.returncode, ran.stdout) == (0, "")
    assert f"kh_sk_test_…old1 works until {ENDS}" in ran.stderr
    assert stored("planner") == "kh_sk_test_new"
    rotated = desk.asked[1]
    assert (rotated.method, rotated.path) == ("POST", "/v1/keys/key_1/rotate")
    assert rotated.body == {"overlap_seconds": 604800}


def test_the_overlap_is_the_schedules_unless_it_is_said(desk: "Desk") -> None:
    desk.say(201, NEW)
    desk.say(200, listed(NEWEST, {**OLD, "state": "active", "ends_at": None}))
    ran = kh("rotate", "key_1", "--show-secret")
    assert ran.stdout == "kh_sk_test_new\n"
    assert "until somebody ends it" in ran.stderr
    assert desk.asked[0].body == {}


def test_without_an_overlap_the_old_one_works_no_more(desk: "Desk", tmp_path: Path) -> None:
    desk.say(201, NEW)
    desk.say(200, listed(NEWEST, {**OLD, "state": "revoked"}))
    out = tmp_path / "mine.key"
    ran = kh("rotate", "key_1", "--overlap", "0", "--out", str(out))
    assert "no older secret works any more" in ran.stderr
    assert (out.read_text(), out.stat().st_mode & 0o777) == ("kh_sk_test_new\n", 0o600)
    assert desk.asked[0].body == {"overlap_seconds": 0}


def test_json_has_the_older_secrets(desk: "Desk") -> None:
    desk.say(201, NEW)
    desk.say(200, listed(NEWEST, OLD))
    told = json.loads(kh("rotate", "key_1", "--store", "planner", "--json").stdout)
    assert told["older_secrets"] == [OLD]
    assert told["secret"] is None


def test_a_secret_that_is_kept_is_no_failure_though_its_list_is_refused(
    desk: "Desk",
) -> None:
    desk.say(201, NEW)
    desk.say(403, {"title": "Forbidden", "code": "scope_missing"})
    ran = kh("rotate", "key_1", "--store", "planner")
    assert ran.returncode == 0
    assert "keyhouse keys secrets key_1" in ran.stderr
    assert stored("planner") == "kh_sk_test_new"


def test_a_lost_answer_leaves_the_stored_secret_and_tells_the_mend(desk: "Desk") -> None:
    keep("planner", "kh_sk_test_whole_old1")
    desk.say(200, listed(OLD))
    desk.hang_up()
    desk.say(201, LOST)
    ran = kh("rotate", "key_1", "--store", "planner", "--json")
    assert ran.returncode == 1
    told = json.loads(ran.stderr)
    assert told["code"] == "secret_lost"
    assert "kh rotate key_1" in told["detail"]
    assert stored("planner") == "kh_sk_test_whole_old1"


@pytest.mark.parametrize(
    "other", ["sk_stripe", "kh_sk_live_whole_old1", "kh_sk_test_old1", "kh_sk_test_whole"]
)
def test_a_rotation_replaces_another_secret_only_with_force(
    desk: "Desk", other: str
) -> None:
    keep("planner", other)
    desk.say(200, listed({**NEWEST, "hint": "…"}, OLD))
    ran = kh("rotate", "key_1", "--store", "planner")
    assert ran.returncode == 1
    assert "--force" in ran.stderr
    assert [one.method for one in desk.asked] == ["GET"]
    assert stored("planner") == other
    desk.say(201, NEW)
    desk.say(200, listed(NEWEST, OLD))
    forced = kh("rotate", "key_1", "--store", "planner", "--force")
    assert forced.returncode == 0
    assert stored("planner") == "kh_sk_test_new"


def test_what_is_not_known_as_the_keys_secret_is_not_replaced_unasked(
    desk: "Desk",
) -> None:
    keep("planner", "kh_sk_test_whole_old1")
    desk.say(403, {"title": "Forbidden", "code": "scope_missing"})
    ran = kh("rotate", "key_1", "--store", "planner", "--json")
    assert (ran.returncode, json.loads(ran.stderr)["code"]) == (1, "name_taken")
    assert [one.method for one in desk.asked] == ["GET"]


def test_a_refusal_leaves_the_stored_secret(desk: "Desk") -> None:
    keep("planner", "kh_sk_test_old")
    desk.say(404, {"title": "Not found", "code": "not_found"})
    assert kh("rotate", "key_1", "--store", "planner").returncode == 1
    assert stored("planner") == "kh_sk_test_old"


def test_a_pipe_gets_the_secret_only_where_that_is_asked_for(desk: "Desk") -> None:
    ran = kh("rotate", "key_1")
    assert ran.returncode == 2
    assert "--store NAME" in ran.stderr
    assert not desk.asked


@pytest.mark.parametrize("overlap", ["-1", "7d", "٣", ""])
def test_an_overlap_is_a_whole_number_of_seconds(desk: "Desk", overlap: str) -> None:
    assert kh("rotate", "key_1", f"--overlap={overlap}", "--show-secret").returncode == 2
    assert not desk.asked


@pytest.mark.parametrize("to", [">/dev/full", ">&-", "a closed pipe"])
@pytest.mark.parametrize("how", ["--json", "--show-secret"])
@pytest.mark.parametrize("command", [CREATE, ("rotate", "key_1")], ids=["create", "rotate"])
def test_a_secret_that_nobody_was_shown_is_told_as_lost(
    desk: "Desk", command: tuple[str, ...], how: str, to: str
) -> None:
    """A script would take the key for kept."""
    desk.say(201, NEW)
    desk.say(200, listed(NEWEST, OLD))
    if to.startswith(">"):
        ran = in_shell(to, *command, how)
    else:
        ran = into_a_closed_pipe(*command, how)
    assert ran.returncode == 1
    assert "key_1 mine is there, but its new secret is lost: standard output" in ran.stderr
    assert "kh rotate key_1" in ran.stderr
    assert "Traceback" not in ran.stderr
    if how == "--json":
        assert json.loads(ran.stderr)["code"] == "secret_lost"


def into_a_closed_pipe(*words: str) -> subprocess.CompletedProcess[str]:
    ours, theirs = os.pipe()
    os.close(ours)
    ran = subprocess.run(
        line(*words), stdout=theirs, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(theirs)
    return ran


def test_a_kept_secret_is_none_that_is_lost(desk: "Desk") -> None:
    desk.say(201, NEW)
    ran = into_a_closed_pipe(*CREATE, "--store", "planner", "--json")
    assert (ran.returncode, ran.stderr) == (1, "")
    assert stored("planner") == "kh_sk_test_new"


def test_a_full_disk_loses_the_secret_and_tells_the_mend(
    desk: "Desk", tmp_path: Path
) -> None:
    """The file could be made; what a process may write is then at its end."""
    desk.say(201, NEW)
    out = tmp_path / "mine.key"
    script = 'ulimit -f 0; exec "$@"'
    command = [
        "sh",
        "-c",
        script,
        "sh",
        *line("rotate", "key_1", "--json", "--out", str(out)),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    told = json.loads(ran.stderr)
    assert told["code"] == "secret_lost"
    assert "key_1 mine is there, but its new secret is lost: --out" in told["detail"]
    assert "kh rotate key_1" in told["detail"]
    assert not out.exists()


# A terminal's Ctrl-C is heeded; what a shell starts in the background ignores it.
_HEEDING_CTRL_C = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from keyhouse_client.command import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ((*CREATE, "--show-secret"), "kh keys list"),
        (("rotate", "key_1", "--show-secret"), "kh rotate key_1"),
        (("keys", "list"), "interrupted\n"),
    ],
    ids=["create", "rotate", "list"],
)
def test_who_breaks_it_off_is_told_what_may_have_been_done(
    command: tuple[str, ...], told: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with subprocess.Popen(
            [sys.executable, "-c", _HEEDING_CTRL_C, *command],
            env={**os.environ, "KEYHOUSE_URL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            connection, _ = server.accept()
            with connection:
                connection.recv(1)
                process.send_signal(signal.SIGINT)
                out, said = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert said.startswith("kh: interrupted")
    assert told in said
    assert len(said.splitlines()) == 1


def test_who_does_not_wait_for_the_older_secrets_loses_no_new_one() -> None:
    """The secret is made, and still to be shown."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with subprocess.Popen(
            line("rotate", "key_1", "--json"),
            env={**os.environ, "KEYHOUSE_URL": url},
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as asked:
                answer = json.dumps(NEW).encode()
                head = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
                take_request(asked)
                length = f"Content-Length: {len(answer)}\r\n\r\n"
                connection.sendall(f"{head}{length}".encode() + answer)
                take_request(asked)
                process.send_signal(signal.SIGINT)
                out, _ = process.communicate()
    told = json.loads(out)
    assert process.returncode == 0
    assert (told["secret"], told["older_secrets"]) == ("kh_sk_test_new", None)


def take_request(stream: IO[bytes]) -> None:
    length = 0
    while (head := stream.readline()) not in (b"\r\n", b""):
        name, _, value = head.decode().partition(":")
        if name.lower() == "content-length":
            length = int(value)
    stream.read(length)
