"""A host of an API, from the command that gives it to the calls that it leads."""

import json

import httpx

from keyhouse_client import Client

from .conftest import Machine


def test_a_host_leads_as_soon_as_it_is_given_and_no_longer(
    machine: Machine, upstream: str
) -> None:
    """The gateway runs all the while; whoever asks again is sent where it leads now."""
    machine.run("bootstrap")
    machine.serve()
    kept = json.loads((machine.data / "cli.json").read_text())
    with Client(kept["management_url"], kept["api_key"]) as client:
        for slug, base in (("echo", ""), ("other", "/two")):
            client.apis.create(slug=slug, upstreams={"test": f"{upstream}{base}"})
        key = client.keys.create("k", [{"api": "echo"}, {"api": "other"}])
    headers = {"X-API-Key": str(key["secret"]), "Host": "api.example.com:8080"}

    def calls() -> list[str]:
        base = f"http://{machine.gateway}"
        with httpx.Client(base_url=base, headers=headers) as session:
            session.get("/echo/x")
            return [session.get("/echo/x").text, session.get("/other/x").text]

    assert calls() == ["/x", "/two/x"]
    given = machine.run("apis", "update", "echo", "--host", "*.example.com")
    assert given.returncode == 0, given.stderr
    assert calls() == ["/echo/x", "/other/x"]
    machine.run("apis", "update", "other", "--host", "api.example.com", "--keep-slug")
    assert calls() == ["/two/echo/x", "/two/other/x"]
    for command in (
        ("echo", "--host", "api.example.com", "--host", "*.example.com"),
        ("other", "--host", "api.example.com/other", "--strip-prefix"),
    ):
        machine.run("apis", "update", "other", "--no-hosts")
        assert machine.run("apis", "update", *command).returncode == 0
    assert calls() == ["/echo/x", "/two/x"]
    machine.run("apis", "update", "other", "--keep-prefix")
    assert calls() == ["/echo/x", "/two/other/x"]
    machine.run("apis", "update", "echo", "--host", "*.example.com")
    nowhere = httpx.get(f"http://{machine.gateway}/echo/x", headers=headers)
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "api_not_found")
    machine.run("apis", "update", "other", "--no-hosts")
    assert calls() == ["/echo/x", "/other/x"]
    machine.run("apis", "update", "echo", "--no-hosts")
    assert calls() == ["/x", "/two/other/x"]
    refused = machine.run("apis", "update", "echo", "--host", "localhost")
    assert refused.returncode != 0
    assert "hosts.0" in refused.stderr
