"""People of the tests: signed up as a browser would, without one, for speed."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import BrowserContext

from tests.console.forms import Form, forms_of
from tests.console.installation import Installation

PASSWORD = "seven quiet herons"


@dataclass
class Signed:
    """Somebody who is logged in, and the organization they are in."""

    name: str
    email: str
    client: httpx.Client
    organization: str
    project: str

    @property
    def root(self) -> str:
        """What the addresses of their project's pages begin with, for tests."""
        return f"/{self.project}/test"

    def lend(self, context: BrowserContext, url: str) -> None:
        """Give a browser this person's session."""
        context.add_cookies(
            [
                {"name": cookie.name, "value": cookie.value or "", "url": url}
                for cookie in self.client.cookies.jar
            ]
        )

    def call(self, method: str, path: str, /, **body: Any) -> dict[str, Any]:
        """An operation of the management API, as this person in this organization."""
        answer = self.client.request(method, path, json=body or None)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        told: dict[str, Any] = answer.json() if answer.content else {}
        return told

    def api(self, slug: str, upstream: str, **fields: Any) -> str:
        """A new API in both environments; its slug."""
        upstreams = {"live": upstream, "test": upstream}
        made = self.call("POST", "/v1/apis", slug=slug, upstreams=upstreams, **fields)
        return str(made["slug"])

    def key(self, name: str, api: str, **fields: Any) -> dict[str, Any]:
        """A new test key with its secret, of an application of its own."""
        wanted = {"application": {"name": f"{name} program"}, **fields}
        held = {name: wanted.pop(name, []) for name in ("scopes", "roles")}
        access = [{"api": api, **held}]
        return self.call("POST", "/v1/keys", name=name, access=access, **wanted)


def submit(client: httpx.Client, path: str, **typed: str) -> httpx.Response:
    """Open a page, fill in its one form that has these fields, send it off."""
    page = client.get(path)
    assert page.status_code == 200, f"GET {path}: {page.status_code}"
    wanted = [form for form in forms_of(page.text) if _fits(form, typed)]
    assert wanted, f"{path} has no form with {list(typed)}"
    form = wanted[0]
    origin = {"Origin": str(client.base_url).rstrip("/")}
    target = page.url.join(form.action)
    return client.post(target, data={**form.sent, **typed}, headers=origin)


def _fits(form: Form, typed: dict[str, str]) -> bool:
    return form.method == "POST" and set(typed) <= form.fields


def csrf_of(page: str) -> str:
    """The token in a page's forms, which scripts send as a header."""
    found = [form.sent["csrf"] for form in forms_of(page) if "csrf" in form.sent]
    assert found, "no form of this page has a token"
    return found[0]


def signed_up(installation: Installation, name: str, email: str) -> Signed:
    """A new person with an organization and a project of their own."""
    client = httpx.Client(base_url=installation.url, timeout=30)
    asked = submit(client, "/signup", name=name, email=email, password=PASSWORD)
    assert asked.headers["Location"].startswith("/sent"), asked.text
    link = urlsplit(installation.link(email, "/confirm"))
    confirmed = submit(client, f"{link.path}?{link.query}", password=PASSWORD)
    assert confirmed.headers["Location"] == "/", confirmed.text
    account = client.get("/account").text
    client.headers["Keyhouse-CSRF"] = csrf_of(account)
    (organization,) = set(re.findall(r"/(org_\w+)/", account))
    client.headers["Keyhouse-Organization"] = organization
    project = client.get("/v1/projects").json()["data"][0]["id"]
    return Signed(name, email, client, organization, project)
