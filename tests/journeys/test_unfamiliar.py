"""A key in use that suddenly comes from elsewhere: its owner is told within seconds."""

import json
import sqlite3
from typing import Any

import httpx

from keyhouse_client import Client

from .conftest import Machine, until

HOME, ELSEWHERE = "198.51.100.7", "203.0.113.9"
WEEK_US = 8 * 86_400_000_000


def _call(machine: Machine, secret: str, address: str) -> int:
    """A call as a proxy that is trusted passes it on."""
    headers = {"X-API-Key": secret, "X-Forwarded-For": address}
    url = f"http://{machine.gateway}/weather/x"
    return httpx.get(url, headers=headers, timeout=30).status_code


def _networks(machine: Machine) -> list[tuple[Any, ...]]:
    with sqlite3.connect(machine.data / "keyhouse.db") as database:
        return database.execute(
            "SELECT network, judged_at IS NOT NULL FROM key_network"
        ).fetchall()


def _in_use_for_a_week(machine: Machine) -> None:
    """Stands for a week: what is there of networks is that much older."""
    with sqlite3.connect(machine.data / "keyhouse.db", timeout=30) as database:
        database.execute("UPDATE key_network SET first_at = first_at - ?", (WEEK_US,))


def test_calls_from_elsewhere_are_told(machine: Machine, upstream: str) -> None:
    machine.more["KEYHOUSE_GATEWAY__TRUSTED_PROXIES"] = '["127.0.0.1/32"]'
    machine.run("bootstrap")
    machine.serve()
    kept = json.loads((machine.data / "cli.json").read_text())
    with Client(kept["management_url"], kept["api_key"]) as client:
        client.apis.create(slug="weather", upstreams={"test": upstream})
        key = client.keys.create("k", [{"api": "weather"}])
        assert _call(machine, str(key["secret"]), HOME) == 200
        assert until(lambda: _networks(machine) == [("198.51.100.0/24", 1)], 60)
        _in_use_for_a_week(machine)
        assert _call(machine, str(key["secret"]), ELSEWHERE) == 200
        assert until(lambda: bool(list(client.alerts.each())), 60)
        (alert,) = client.alerts.each()
    assert (alert["key"], alert["kind"]) == (key["id"], "unfamiliar_network")
    assert alert["sample"] == "203.0.113.0/24"
    told = machine.run("alerts", "--kind", "unfamiliar_network")
    assert "203.0.113.0/24" in told.stdout
