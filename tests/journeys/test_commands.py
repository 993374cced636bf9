"""The command line against a running Keyhouse: a vendor's afternoon."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from keyhouse.__main__ import _Entries
from keyhouse.doors.cli.app import build_cli

from .conftest import Machine, until

Run = Callable[..., Any]


@pytest.fixture
def run(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a command and gives its JSON; the exit code must be as expected."""
    assert machine.run("bootstrap").returncode == 0
    machine.serve()
    for name, value in machine.environment().items():
        monkeypatch.setenv(name, value)
    runner = CliRunner()

    def typed(*line: str, code: int = 0, stdin: str | None = None) -> Any:
        result = runner.invoke(build_cli(_Entries()), [*line, "--json"], input=stdin)
        assert result.exit_code == code, f"{line}: {result.output}"
        return json.loads(result.stdout) if result.stdout else result.stderr

    return typed


def _made(run: Run, upstream: str) -> dict[str, Any]:
    """An API and an application, made and changed; the application."""
    run("apis", "create", "echo", "--upstream", upstream, "--scope", "item:read")
    run("apis", "update", "echo", "--rate", "steady=600/60", "--name", "Echo")
    assert run("apis", "show", "echo")["limits"][0]["name"] == "steady"
    route = run("routes", "create", "echo", "GET", "/b", "--cost", "3")["id"]
    run("routes", "create", "echo", "*", "/**", "--position", "5")
    assert [row["path"] for row in run("routes", "list", "echo")] == ["/**", "/b"]
    assert run("routes", "update", "echo", route, "--cost", "1")["cost"] == 1
    assert run("routes", "show", "echo", route)["method"] == "GET"
    assert run("routes", "delete", "echo", route)["deleted"]
    application: dict[str, Any] = run("apps", "create", "Planner", "--external-id", "p1")
    run("apps", "update", application["id"], "--purpose", "Plans routes")
    assert run("apps", "list")[0]["purpose"] == "Plans routes"
    return application


def _explained(run: Run, key: str, request: str) -> None:
    """The id that a refused caller reads leads to all reasons, and asking costs nothing."""
    refused = ("requests", "--key", key, "--verdict", "quota_exceeded")
    assert until(lambda: run(*refused))
    told = run("keys", "explain", request)
    assert (told["logged"]["verdict"], told["verdict"]) == ("quota_exceeded",) * 2
    told = run("keys", "explain", key, "--path", "/a", "--scope", "item:write")
    reasons = [one["verdict"] for one in told["checks"] if one["outcome"] == "refused"]
    assert reasons == ["scope_missing", "quota_exceeded"]
    assert len(run(*refused)) == 1


def test_all_that_can_be_managed(run: Run, machine: Machine, upstream: str) -> None:
    organization = run("orgs", "list")[0]
    assert run("orgs", "update", organization["id"], "--name", "Acme")["name"] == "Acme"
    project = run("projects", "create", "spare")
    assert run("projects", "update", project["id"], "--disable")["disabled_at"]
    run("projects", "delete", project["id"])
    run("projects", "show", project["id"], code=1)

    project = run("projects", "list")[0]["id"]
    application = _made(run, upstream)
    line = ["--application", application["id"], "--quota", "small=2/month"]
    made = run("keys", "create", "k", "--api", "echo:item:read", *line)
    id, secret = made["id"], made["secret"]
    assert "secret" not in run("keys", "show", id)
    assert [key["id"] for key in run("keys", "list", "--api", "echo")] == [id]

    url, header = f"http://{machine.gateway}/echo/a", {"X-API-Key": secret}
    answers = [httpx.get(url, headers=header) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    _explained(run, id, answers[2].headers["Keyhouse-Request-Id"])
    found = run("verify", "--api", "echo", stdin=secret, code=1)
    assert found["code"] == "quota_exceeded"
    run("keys", "update", id, "--no-limits")
    assert until(lambda: httpx.get(url, headers=header).status_code == 200)
    assert run("verify", "--api", "echo", "--scope", "item:read", stdin=secret)["allowed"]

    for verb, state in {"disable": "disabled", "enable": "active"}.items():
        assert run("keys", verb, id)["state"] == state
    run("keys", "delete", id)
    assert run("keys", "restore", id)["state"] == "active"
    assert run("keys", "revoke", id)["state"] == "revoked"
    assert until(lambda: httpx.get(url, headers=header).status_code == 401)

    assert until(lambda: sum(row["requests"] for row in run("usage", "--key", id)) >= 5)
    refused = run("requests", "--key", id, "--verdict", "quota_exceeded")
    assert any(row["status"] == 429 and row["path"].endswith("/a") for row in refused)
    assert any(row["action"] == "key.revoke" for row in run("audit", "--limit", "20"))


def test_a_value_that_is_refused_names_its_field(run: Run, tmp_path: Path) -> None:
    told = run("apis", "create", "Not A Slug", code=1)
    assert "slug:" in told
    out = str(tmp_path / "never")
    told = run("keys", "create", "k", "--api", "nope", "--out", out, code=1)
    assert "access.0.api:" in told
    assert not Path(out).exists()


def test_a_header_for_the_upstream_from_stdin_to_the_call(
    run: Run, machine: Machine, upstream: str
) -> None:
    """Sealed by the management process, unsealed by the gateway, also after a rotation."""
    run("apis", "create", "echo", "--upstream", upstream)
    secret = run("keys", "create", "k", "--api", "echo")["secret"]
    url, header = f"http://{machine.gateway}/echo/told/X-Inner", {"X-API-Key": secret}
    assert httpx.get(url, headers=header).text == ""
    told = run("apis", "headers", "set", "echo", "X-Inner", stdin="hush-hush\n")
    assert set(told) == {"name", "set_at", "set_by"}
    assert until(lambda: httpx.get(url, headers=header).text == "hush-hush")
    value = machine.folder / "value.txt"
    value.write_text("other")
    run("apis", "headers", "set", "echo", "x-inner", "--value-file", str(value))
    assert until(lambda: httpx.get(url, headers=header).text == "other")
    assert [row["name"] for row in run("apis", "headers", "list", "echo")] == ["x-inner"]
    run("apis", "update", "echo", "--sign-identity")
    signed = f"http://{machine.gateway}/echo/told/Keyhouse-Identity"
    assert until(lambda: httpx.get(signed, headers=header).text.count(".") == 2)
    for kind, prefix in (("sealing", "seal_"), ("signing", "sign_")):
        assert run("keyring", f"new-{kind}-key")["id"].startswith(prefix)
    machine.close()
    machine.serve()
    assert httpx.get(url, headers=header).text == "other"
    keys = httpx.get(f"http://{machine.gateway}/.keyhouse/jwks.json").json()["keys"]
    assert len(keys) == 2
    assert httpx.get(signed, headers=header).text.count(".") == 2
    assert run("apis", "headers", "delete", "echo", "X-Inner")["deleted"]
    assert until(lambda: httpx.get(url, headers=header).text == "")
