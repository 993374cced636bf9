"""`--wait`: what is told of a change that is in force, and of one that is not."""

import json
from typing import Any

import pytest
import typer

from keyhouse.doors.cli import waiting
from keyhouse.doors.cli.waiting import Watch
from keyhouse_client.answers import Answer
from keyhouse_client.calls import Call

from .conftest import Installation, Run, Server

UNTIL = "2030-01-01T00:05:00Z"
NODE = {"id": "nod_1", "kind": "gateway", "stale_until": UNTIL}


class Client:
    """Answers a change's number, and then one after the other how it stands."""

    def __init__(self, seq: int | None, *standing: bool, nodes: Any = (NODE,)) -> None:
        self.seq = seq
        self.calls: list[Call] = []
        self.waits: list[float] = []
        self.changes = self
        self._standing = list(standing)
        self._nodes = nodes

    def send(self, call: Call) -> Answer:
        self.calls.append(call)
        return Answer(200, {"id": "key_1", "state": "revoked"}, "req_1", self.seq)

    def get(self, seq: int, *, wait_seconds: float) -> dict[str, Any]:
        assert seq == self.seq
        self.waits.append(wait_seconds)
        in_force = self._standing.pop(0) if len(self._standing) > 1 else self._standing[0]
        return {
            "seq": seq,
            "in_force": in_force,
            "waiting": 0 if in_force else 1,
            "stale_until": None if in_force else UNTIL,
            "nodes": self._nodes,
        }


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "WAIT_SECONDS_MAX", 0.05)
    monkeypatch.setattr(waiting, "_PAUSE_SECONDS", 0.01)


def _told(client: Client, *, json: bool = False) -> None:
    watch = Watch(client)  # type: ignore[arg-type]  # all of a client that it uses
    found = watch.post("keys", "key/1", "revoke")
    watch.tell(found, "key_1 is revoked", wait=True, json=json)


def test_it_asks_until_the_change_is_in_force(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAIT_SECONDS_MAX", 60)
    client = Client(42, False, False, True)
    _told(client)
    assert client.calls[0].path == "/v1/keys/key%2F1/revoke"
    assert len(client.waits) == 3
    assert all(0 <= seconds <= 10 for seconds in client.waits)
    out = capsys.readouterr().out
    assert out.startswith("key_1 is revoked, in force everywhere after ")
    assert out.endswith(" ms\n")


def test_a_script_is_told_in_json_how_long_it_took(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _told(Client(42, True), json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["change"]["in_force"]) == ("revoked", True)
    assert told["in_force_ms"] >= 0


@pytest.mark.parametrize(("nodes", "named"), [((NODE,), "gateway nod_1"), (None, "")])
def test_what_is_not_in_force_ends_with_1_and_who_is_waited_for(
    capsys: pytest.CaptureFixture[str], nodes: Any, named: str
) -> None:
    """A script that went on would rely on a key that is still let through."""
    with pytest.raises(typer.Exit) as ended:
        _told(Client(42, False, nodes=nodes), json=True)
    assert ended.value.exit_code == 1
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert (told["change"]["in_force"], told["in_force_ms"]) == (False, None)
    assert named in printed.err
    assert UNTIL in printed.err


def test_where_nothing_changed_there_is_nothing_to_wait_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As for a key that was revoked before: its change is not known any more."""
    client = Client(None)
    _told(client)
    assert client.waits == []
    assert "nothing changed" in capsys.readouterr().out


def test_a_dry_run_is_not_waited_for(run: Run, server: Server, here: Installation) -> None:
    line = ("keys", "revoke", "--all-of-application", "app_1", "--dry-run", "--wait")
    result = run(*line)
    assert result.exit_code == 2
    assert not server.asked
