import gzip
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import httpx
import pytest

from webdata import create_app
from webdata.addresses import is_public
from webdata.extract import extract
from webdata.fetch import PAGE_BYTES_MAX
from webdata.history import CALLERS_MAX, CALLS_MAX, Caller, History
from webdata.pages import find_pages, make_server, url_path


@pytest.fixture(scope="module")
def pages_url() -> Iterator[str]:
    with make_server() as server:
        yield from _served(server)


def _served(server: ThreadingHTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()


class _Odd(BaseHTTPRequestHandler):
    """A site that does what sites do wrong, by the path asked for."""

    def do_GET(self) -> None:
        status, headers, body = {
            "/loop": (302, {"Location": "/loop"}, b""),
            "/inside": (302, {"Location": "http://169.254.169.254/latest"}, b""),
            "/file": (302, {"Location": "file:///etc/passwd"}, b""),
            "/script": (302, {"Location": "javascript:1"}, b""),
            "/odd-name": (302, {"Location": "http://xn--/"}, b""),
            "/base": (
                200,
                {"Content-Type": "text/html"},
                b"<base href='http://[bad'><title>x</title><p><a href='y'>z</a></p>",
            ),
            "/pdf": (200, {"Content-Type": "application/pdf"}, b"%PDF"),
            "/gone": (410, {"Content-Type": "text/html"}, b"gone"),
            "/packed": (
                200,
                {"Content-Type": "text/html", "Content-Encoding": "gzip"},
                gzip.compress(b"<p>x</p>"),
            ),
            "/huge": (200, {"Content-Type": "text/html"}, b"x" * (PAGE_BYTES_MAX + 1)),
            "/latin": (
                200,
                {"Content-Type": "text/html; charset=iso-8859-1"},
                "<title>Grüße</title><p>x</p>".encode("latin-1"),
            ),
            "/host": (
                200,
                {"Content-Type": "text/html"},
                f"<title>{self.headers['Host']}</title><p>x</p>".encode(),
            ),
        }[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
        pass


@pytest.fixture(scope="module")
def odd_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Odd) as server:
        yield from _served(server)


async def _caller(*, allow_private: bool) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(allow_private=allow_private)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://webdata"
        ) as client,
    ):
        yield client


@pytest.fixture
async def api() -> AsyncIterator[httpx.AsyncClient]:
    async for client in _caller(allow_private=True):
        yield client


@pytest.fixture
async def public_api() -> AsyncIterator[httpx.AsyncClient]:
    async for client in _caller(allow_private=False):
        yield client


def _error(answer: httpx.Response) -> dict[str, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    (error,) = body["errors"]
    assert set(error) == {"field", "reason", "mend"}
    return dict(error)


def test_the_pages_are_real_and_many() -> None:
    pages = find_pages()
    assert len(pages) > 30
    assert all(b"<html lang=" in page.read_bytes()[:200] for page in pages)


async def test_a_real_page_becomes_data(api: httpx.AsyncClient, pages_url: str) -> None:
    url = f"{pages_url}/ref/time.html"
    answer = await api.get("/extract", params={"url": url})
    data = answer.json()
    assert answer.status_code == 200
    assert data["url"] == url
    assert data["title"].startswith("pygame.time")
    assert data["language"] == "en"
    assert "get the time in milliseconds" in data["markdown"].lower()
    assert {"url": f"{pages_url}/index.html", "text": "Help Contents"} in data["links"]
    assert any(
        "pygame.time.Clock" in row for table in data["tables"] for row in table["rows"]
    )


@pytest.mark.parametrize("page", find_pages()[:6], ids=url_path)
def test_every_page_gives_all_members(page: Any) -> None:
    data = extract(page.read_bytes(), "http://docs.example/")
    assert set(data) == {
        "url",
        "title",
        "language",
        "markdown",
        "links",
        "tables",
        "metadata",
    }
    assert data["title"]
    assert data["markdown"]
    assert all(link["url"].startswith("http") for link in data["links"])


async def test_an_upload_is_read_like_a_page(api: httpx.AsyncClient) -> None:
    page = next(page for page in find_pages() if page.stem == "sprite")
    answer = await api.post(
        "/extract", content=page.read_bytes(), headers={"Content-Type": "text/html"}
    )
    data = answer.json()
    assert (answer.status_code, data["url"]) == (200, None)
    assert len(data["tables"]) >= 3


async def test_the_charset_of_an_upload_counts(api: httpx.AsyncClient) -> None:
    headers = {"Content-Type": 'text/html; charset="koi8-r"'}
    content = "<title>Привет</title><p>мир</p>".encode("koi8-r")
    answer = await api.post("/extract", content=content, headers=headers)
    assert answer.json()["title"] == "Привет"


async def test_links_of_a_page_with_an_odd_base_are_against_its_own_address(
    api: httpx.AsyncClient, odd_url: str
) -> None:
    answer = await api.get("/extract", params={"url": f"{odd_url}/base"})
    assert answer.json()["links"] == [{"url": f"{odd_url}/y", "text": "z"}]


async def test_an_upload_that_is_not_html_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.post("/extract", json={"url": "x"})
    assert answer.status_code == 415
    assert _error(answer)["field"] == "Content-Type"


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 422), (b"x" * (PAGE_BYTES_MAX + 1), 413)]
)
async def test_an_upload_has_bounds(
    api: httpx.AsyncClient, body: bytes, status: int
) -> None:
    answer = await api.post("/extract", content=body, headers={"Content-Type": "text/html"})
    assert answer.status_code == status
    assert _error(answer)["field"] == "body"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0x7f.1/",
    ],
)
async def test_nobody_reaches_the_vendors_own_network(
    public_api: httpx.AsyncClient, url: str
) -> None:
    answer = await public_api.get("/extract", params={"url": url})
    assert answer.status_code in (422, 502)
    assert "private" in _error(answer)["reason"] or "found" in _error(answer)["reason"]


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("::ffff:127.0.0.1", False),
        ("::127.0.0.1", False),
        ("64:ff9b:1::7f00:1", False),
        ("fec0::1", False),
        ("192.0.0.8", False),
    ],
)
def test_only_the_internet_at_large_is_public(text: str, public: bool) -> None:
    assert is_public(ip_address(text)) is public


async def test_a_redirect_is_checked_like_the_first_address(
    odd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A public page that redirects inside must not open the inside."""
    odd = ip_address("127.0.0.1")
    monkeypatch.setattr("webdata.addresses.is_public", lambda address: address == odd)
    async for client in _caller(allow_private=False):
        answer = await client.get("/extract", params={"url": f"{odd_url}/inside"})
        assert answer.status_code == 422
        assert "private address: 169.254.169.254" in _error(answer)["reason"]


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/loop", 502, "redirects more than"),
        ("/file", 422, "is not http or https"),
        ("/script", 502, "redirects to no address"),
        ("/odd-name", 502, "redirects to no address"),
        ("/pdf", 422, "not HTML"),
        ("/gone", 502, "status 410"),
        ("/packed", 502, "packed"),
        ("/huge", 422, "more than"),
    ],
)
async def test_an_odd_site_is_told_in_words(
    api: httpx.AsyncClient, odd_url: str, path: str, status: int, reason: str
) -> None:
    answer = await api.get("/extract", params={"url": odd_url + path})
    assert answer.status_code == status
    assert reason in _error(answer)["reason"]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "example.com",
        "",
        "http://",
        "http://a:b@example.com/",
        "http://xn--/",
    ],
)
async def test_a_bad_address_names_the_field(api: httpx.AsyncClient, url: str) -> None:
    answer = await api.get("/extract", params={"url": url})
    assert answer.status_code == 422
    assert _error(answer)["field"] == "url"


async def test_a_missing_address_names_the_field(api: httpx.AsyncClient) -> None:
    answer = await api.get("/extract")
    assert answer.status_code == 422
    assert _error(answer)["field"] == "url"


async def test_nobody_there_is_502(api: httpx.AsyncClient) -> None:
    answer = await api.get("/extract", params={"url": "http://127.0.0.1:1/"})
    assert answer.status_code == 502
    assert _error(answer)["field"] == "url"


async def test_the_charset_of_the_answer_counts(
    api: httpx.AsyncClient, odd_url: str
) -> None:
    answer = await api.get("/extract", params={"url": f"{odd_url}/latin"})
    assert answer.json()["title"] == "Grüße"


async def test_the_site_is_asked_by_its_name_though_the_address_is_pinned(
    api: httpx.AsyncClient, odd_url: str
) -> None:
    """Sites that share an address are told apart by Host."""
    url = odd_url.replace("127.0.0.1", "localhost")
    answer = await api.get("/extract", params={"url": f"{url}/host"})
    assert answer.json()["title"] == url.removeprefix("http://")


async def test_each_caller_sees_its_own_history_alone(api: httpx.AsyncClient) -> None:
    html = {"Content-Type": "text/html"}
    for name in ("app_1", "app_2", "app_1"):
        who = {"Keyhouse-Application": name, "Keyhouse-Request-Id": f"req_{name}"}
        await api.post("/extract", content=f"<title>{name}</title>", headers=html | who)
    answer = await api.get("/history", headers={"Keyhouse-Application": "app_1"})
    told = answer.json()
    assert told["application"] == "app_1"
    assert [(call["title"], call["request_id"]) for call in told["data"]] == [
        ("app_1", "req_app_1")
    ] * 2


async def test_each_user_sees_its_own_history_alone(api: httpx.AsyncClient) -> None:
    """As the gateway tells it: the header is there, and empty for a key alone."""
    html = {"Content-Type": "text/html"}
    for name, user in (("app_1", "alice"), ("app_1", ""), ("app_2", "alice")):
        who = {"Keyhouse-Application": name, "Keyhouse-Subject": user}
        title = f"<title>{name} {user}</title>"
        await api.post("/extract", content=title, headers=html | who)
    for user, titles in (("alice", ["app_1 alice"]), ("", ["app_1"]), ("bob", [])):
        who = {"Keyhouse-Application": "app_1", "Keyhouse-Subject": user}
        told = (await api.get("/history", headers=who)).json()
        assert told["user"] == (user or None)
        assert [call["title"] for call in told["data"]] == titles


async def test_without_an_identity_there_is_no_history(api: httpx.AsyncClient) -> None:
    answer = await api.get("/history")
    assert answer.status_code == 400
    assert _error(answer)["field"] == "Keyhouse-Application"


def test_the_history_does_not_grow_without_end() -> None:
    history = History()
    for number in range(CALLS_MAX + 5):
        history.add(Caller("app_0"), {"n": number})
    assert history.of(Caller("app_0"))[0] == {"n": CALLS_MAX + 4}
    assert len(history.of(Caller("app_0"))) == CALLS_MAX
    for number in range(1, CALLERS_MAX + 1):
        history.add(Caller("app_0", f"user-{number}"), {})
    assert history.of(Caller("app_0")) == []


async def test_healthz_answers(api: httpx.AsyncClient) -> None:
    assert (await api.get("/healthz")).json() == {"status": "ok"}
