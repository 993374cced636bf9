"""A web page calls an API through the gateway, as people's pages do: in a real browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Browser, Page

from tests.console.browser import visiting
from tests.console.conftest import SignUp
from tests.console.installation import Installation

_FETCH = """async ([url, key]) => {
  const wait = AbortSignal.timeout(8000)
  try {
    const answer = await fetch(url, {headers: {"X-API-Key": key}, signal: wait})
    const limits = answer.headers.get("RateLimit")
    const id = answer.headers.get("Keyhouse-Request-Id")
    return {status: answer.status, body: await answer.json(), limits, id}
  } catch (error) {
    return {failed: error.name}
  }
}"""


class _EmptyPage(BaseHTTPRequestHandler):
    def answer(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


setattr(_EmptyPage, "do_GET", _EmptyPage.answer)  # noqa: B010  (the name is not ours)


@contextmanager
def site() -> Iterator[str]:
    """The origin of a site of one page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _EmptyPage) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fetched(page: Page, url: str, key: str) -> dict[str, Any]:
    told: dict[str, Any] = page.evaluate(_FETCH, [url, key])
    return told


def test_a_page_reads_answers_with_a_publishable_key_and_a_foreign_page_nothing(
    browser: Browser, installation: Installation, upstream: str, sign_up: SignUp
) -> None:
    owner = sign_up()
    with site() as shop, site() as foreign:
        slug = owner.api("shop-window", upstream, cors_origins=[shop])
        limit = {"name": "few", "rate": 2, "period_seconds": 3600}
        public = owner.key(
            "Page",
            slug,
            kind="publishable",
            restrictions={"referrers": [f"{shop}/*"]},
            limits=[limit],
        )
        server = owner.key("Server", slug)
        url = f"{installation.gateway_url}/{slug}/forecast"
        with visiting(browser, shop) as (page, watch):
            watch.forgive("Failed to load resource")
            page.goto("/")
            read = fetched(page, url, public["secret"])
            assert (read["status"], read["body"]["path"]) == (200, "/forecast")
            assert read["limits"] == '"few";r=1;t=1800'
            assert read["id"].startswith("req_")
            leaked = fetched(page, url, server["secret"])
            assert (leaked["status"], leaked["body"]["code"]) == (
                403,
                "browser_not_allowed",
            )
            unknown = fetched(page, url, "nonsense")
            assert (unknown["status"], unknown["body"]["code"]) == (401, "unknown")
            assert fetched(page, url, public["secret"])["status"] == 200
            late = fetched(page, url, public["secret"])
            assert (late["status"], late["body"]["code"]) == (429, "rate_limited")
        with visiting(browser, foreign) as (page, watch):
            watch.forgive("blocked by CORS policy")
            watch.forgive("Failed to load resource")
            page.goto("/")
            assert fetched(page, url, public["secret"]) == {"failed": "TypeError"}
