"""`keyhouse serve` on a machine where things go wrong."""

import json
import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from keyhouse_client import Client

from .conftest import Machine, until


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _key(machine: Machine, upstream: str) -> str:
    """A key for the API `echo`."""
    kept = json.loads((machine.data / "cli.json").read_text())
    with Client(kept["management_url"], kept["api_key"]) as client:
        client.apis.create(slug="echo", upstreams={"test": upstream})
        return str(client.keys.create("k", [{"api": "echo"}])["secret"])


@pytest.mark.parametrize("door", ["gateway", "management"])
def test_a_taken_port_is_told_in_words_with_exit_code_2(
    machine: Machine, door: str
) -> None:
    with socket.socket() as taken:
        host, _, port = getattr(machine, door).partition(":")
        taken.bind((host, int(port)))
        taken.listen(1)
        result = machine.run("serve")
    assert result.returncode == 2
    assert f"The {door} can't listen on {host}:{port}: another program" in result.stderr
    assert f"--set {door}.listen=HOST:PORT" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_data_folder_that_cannot_be_written_is_told_in_words(machine: Machine) -> None:
    machine.data = machine.folder / "file" / "data"
    (machine.folder / "file").touch()
    result = machine.run("serve")
    assert result.returncode == 2
    assert f"The data folder {machine.data} can't be written" in result.stderr
    assert "--data-dir" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_wrong_setting_is_named_with_its_source(machine: Machine) -> None:
    (machine.folder / "keyhouse.toml").write_text('[log]\nlevel = "loud"\n')
    result = machine.run("serve")
    assert result.returncode == 2
    assert "log.level (from keyhouse.toml)" in result.stderr


def test_a_request_in_flight_is_finished_on_sigterm(
    machine: Machine, upstream: str
) -> None:
    machine.run("bootstrap")
    serve, _ = machine.serve()
    header = {"X-API-Key": _key(machine, upstream)}
    url = f"http://{machine.gateway}/echo/slow"
    with httpx.stream("GET", url, headers=header, timeout=20) as answer:
        assert answer.status_code == 200
        serve.send_signal(signal.SIGTERM)
        assert answer.read() == b"/slow"
    assert serve.wait(30) == 0


def test_a_killed_gateway_is_replaced_and_keys_go_on_working(
    machine: Machine, upstream: str
) -> None:
    machine.run("bootstrap")
    _, told = machine.serve()
    header = {"X-API-Key": _key(machine, upstream)}
    url = f"http://{machine.gateway}/echo/a"
    assert httpx.get(url, headers=header).status_code == 200
    os.kill(told["gateway"]["pid"], signal.SIGKILL)
    # Not refused: the connection waits for the next gateway.
    assert httpx.get(url, headers=header, timeout=30).status_code == 200


def test_it_serves_without_a_log_and_nothing_stays_behind_when_it_is_killed(
    machine: Machine,
) -> None:
    """Who wants no log (`2>&-`) gets none: what nobody hears is no file's or socket's."""
    machine.run("bootstrap")
    serve, told = machine.serve(shut="2>&-")
    children = [told[name]["pid"] for name in ("gateway", "management")]
    for pid in children:
        assert Path(f"/proc/{pid}/fd/2").readlink() == Path(os.devnull)
    assert httpx.get(f"http://{machine.gateway}/.keyhouse/ready").status_code == 200
    serve.kill()
    assert until(lambda: not any(_lives(pid) for pid in children))
