"""What keeps other sites, other people and other people's browsers out."""

import re
from collections.abc import AsyncIterator

import pytest

from keyhouse.core.csrf import SESSION_COOKIE
from keyhouse.doors.console import ConsoleConfig, build_console
from keyhouse.doors.console.security import BODY_BYTES_MAX
from keyhouse.ports import StoreUnavailable
from keyhouse.services.work import Office
from tests.doors.console.conftest import Visitor


async def test_no_page_lets_an_inline_script_or_style_run(visitor: Visitor) -> None:
    await visitor.sign_up()
    for path in ("/login", "/account", "/nowhere"):
        answer = await visitor.get(path)
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "style-src 'self';" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script>", answer.text)


async def test_no_page_is_kept_by_a_browser(visitor: Visitor) -> None:
    await visitor.sign_up()
    answer = await visitor.get("/account")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["keyhouse-request-id"].startswith("req_")


async def test_the_session_is_for_this_site_and_no_script(visitor: Visitor) -> None:
    confirmed = await visitor.sign_up()
    cookies = confirmed.headers.get_list("set-cookie")
    (session,) = [cookie for cookie in cookies if cookie.startswith(SESSION_COOKIE)]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(session.split("; "))


async def test_behind_tls_cookies_stay_there(office: Office, visitor: Visitor) -> None:
    config = ConsoleConfig(
        gateway_url="https://api.test", public_url="https://console.test", sign_up="open"
    )
    assert config.secure_cookies
    visitor.app = build_console(office, visitor.people, config)
    visitor.client = visitor.another("https://console.test")
    confirmed = await visitor.sign_up()
    assert "Secure" in confirmed.headers["set-cookie"]
    assert "max-age" in confirmed.headers["strict-transport-security"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://console.test"},
    ],
)
async def test_another_site_sends_no_form(
    visitor: Visitor, headers: dict[str, str]
) -> None:
    typed = {"email": "ada@example.com", "password": "seven quiet herons"}
    answer = await visitor.client.post("/login", data=typed, headers=headers)
    assert answer.status_code == 403


async def test_a_form_without_its_token_changes_nothing(visitor: Visitor) -> None:
    await visitor.sign_up()
    for data in ({"name": "Eve Mallory"}, {"name": "Eve Mallory", "csrf": "0" * 48}):
        answer = await visitor.client.post("/account/name", data=data)
        assert answer.status_code == 403
    assert "Eve Mallory" not in (await visitor.get("/account")).text


async def test_a_token_fits_its_own_session_alone(visitor: Visitor) -> None:
    await visitor.sign_up("ada@example.com")
    page = (await visitor.get("/account")).text
    token = re.findall(r'name="csrf" value="(\w+)"', page)[0]
    visitor.client.cookies.clear()
    await visitor.sign_up("eve@example.com")
    data = {"name": "Mallory", "csrf": token}
    assert (await visitor.client.post("/account/name", data=data)).status_code == 403


async def test_a_body_has_an_end(visitor: Visitor) -> None:
    big = {"email": "a" * (BODY_BYTES_MAX + 1)}
    assert (await visitor.client.post("/login", data=big)).status_code == 413


async def test_a_body_that_tells_no_length_has_an_end_too(visitor: Visitor) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"email="
        for _ in range(BODY_BYTES_MAX // 65_536 + 1):
            yield b"a" * 65_536

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await visitor.client.post("/login", content=endless(), headers=headers)
    assert answer.status_code == 400


async def test_without_the_database_a_page_says_so(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await visitor.sign_up()

    def gone(*_: object) -> None:
        raise StoreUnavailable("the database does not answer")

    monkeypatch.setattr(type(visitor.people), "session", gone)
    answer = await visitor.get("/account")
    assert answer.status_code == 503
    assert "Keys go on working" in answer.text


async def test_guessing_is_slowed_and_told_when_to_come_again(visitor: Visitor) -> None:
    await visitor.sign_up()
    visitor.client.cookies.clear()
    for _ in range(60):
        typed = {"email": "ada@example.com", "password": "a guess or another"}
        answer = await visitor.submit("/login", **typed)
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "ada@example.com" in answer.text


async def test_what_is_no_form_is_refused_politely(visitor: Visitor) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await visitor.client.post("/login", content=b"--y", headers=headers)
    assert answer.status_code in (400, 422)


async def test_foreign_unknown_and_shapeless_are_one_page(visitor: Visitor) -> None:
    await visitor.sign_up("eve@example.com")
    foreign = (await visitor.get("/")).headers["location"]
    visitor.client.cookies.clear()
    await visitor.sign_up("ada@example.com")
    await visitor.get("/account")  # takes the toast that welcomes
    unknown = f"/prj_{'0' * 22}/test/overview"
    pages = [await visitor.get(path) for path in (foreign, unknown, "/prj_/test/overview")]
    assert {page.status_code for page in pages} == {404}
    told = {re.sub(r"req_\w+", "", page.text) for page in pages}
    assert len(told) == 1


async def test_a_failure_of_ours_is_a_page_too(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await visitor.sign_up()

    def broken(*_: object) -> None:
        raise RuntimeError("the cellar is flooded")

    monkeypatch.setattr(type(visitor.people), "sessions", broken)
    answer = await visitor.get("/account")
    assert answer.status_code == 500
    assert "cellar" not in answer.text
    assert answer.headers["keyhouse-request-id"] in answer.text
    assert answer.headers["keyhouse-request-id"] in caplog.text
    assert "content-security-policy" in answer.headers
