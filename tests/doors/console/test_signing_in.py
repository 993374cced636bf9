from urllib.parse import urlencode

import pytest

from keyhouse.core.csrf import SESSION_COOKIE
from keyhouse.services.work import Office
from tests.console.forms import forms_of
from tests.doors.console.conftest import PASSWORD, URL, Visitor


async def test_signing_up_ends_in_a_project(visitor: Visitor) -> None:
    confirmed = await visitor.sign_up()
    assert confirmed.headers["location"] == "/"
    home = await visitor.get("/")
    assert home.status_code == 303
    assert home.headers["location"].endswith("/test/overview")


async def test_known_and_unknown_addresses_get_one_answer(visitor: Visitor) -> None:
    await visitor.sign_up("ada@example.com")
    visitor.client.cookies.clear()
    typed = {"name": "Eve", "password": PASSWORD}
    known = await visitor.submit("/signup", email="ada@example.com", **typed)
    unknown = await visitor.submit("/signup", email="eve@example.com", **typed)
    assert known.status_code == unknown.status_code == 303
    assert known.content == unknown.content
    forgot_known = await visitor.submit("/forgot", email="ada@example.com")
    forgot_unknown = await visitor.submit("/forgot", email="nobody@example.com")
    assert forgot_known.status_code == forgot_unknown.status_code == 303


async def test_a_wrong_password_keeps_the_address_and_not_itself(visitor: Visitor) -> None:
    await visitor.sign_up()
    visitor.client.cookies.clear()
    answer = await visitor.submit("/login", email="ada@example.com", password="a guess")
    assert answer.status_code == 422
    assert "ada@example.com" in answer.text
    assert "a guess" not in answer.text


async def test_logging_in_leads_back_to_where_one_was_going(visitor: Visitor) -> None:
    await visitor.sign_up()
    visitor.client.cookies.clear()
    asked = await visitor.get("/account")
    assert asked.headers["location"] == "/login?next=%2Faccount"
    typed = {"email": "ada@example.com", "password": PASSWORD}
    opened = await visitor.submit("/login?next=%2Faccount", **typed)
    assert opened.headers["location"] == "/account"


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"Referer": f"{URL}/account?part=name"}, "/account?part=name"),
        ({"Referer": "https://evil.example/account"}, "/"),
        ({"Referer": f"{URL}//evil.example"}, "/"),
        ({"Referer": f"{URL}/nowhere"}, "/"),
        ({"Referer": f"{URL}/account/name"}, "/"),
        ({"Referer": "http://[::1/account"}, "/"),
        ({}, "/"),
    ],
)
async def test_a_form_sent_too_late_leads_back_to_its_page(
    visitor: Visitor, headers: dict[str, str], wanted: str
) -> None:
    """After the log-in, which leads to pages of ours alone: /account/name is none."""
    url = f"/login?{urlencode({'next': wanted})}" if wanted != "/" else "/login"
    sent = await visitor.client.post("/account/name", headers=headers)
    assert (sent.status_code, sent.headers["location"]) == (303, url)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_part_of_a_page_asked_for_too_late_leads_back_to_the_page(
    visitor: Visitor, method: str
) -> None:
    path = "/account" if method == "GET" else "/account/name"
    page = {"HX-Request": "true", "HX-Current-URL": f"{URL}/organizations/new?from=here"}
    answer = await visitor.client.request(method, path, headers=page)
    wanted = urlencode({"next": "/organizations/new?from=here"})
    assert answer.headers["hx-redirect"] == f"/login?{wanted}"


async def test_a_form_older_than_the_session_is_told_as_such(visitor: Visitor) -> None:
    """It is no matter of roles, and nothing of it was done."""
    await visitor.sign_up()
    page = await visitor.get("/account")
    (form,) = [one for one in forms_of(page.text) if one.action == "/account/name"]
    typed = {"email": "ada@example.com", "password": PASSWORD}
    visitor.client.cookies.clear()
    await visitor.submit("/login", **typed)
    answer = await visitor.client.post(form.action, data={**form.sent, "name": "Grace"})
    assert answer.status_code == 403
    assert "This form is older than your session" in answer.text
    assert "Your role" not in answer.text
    assert "go back" in answer.text
    assert "Grace" not in (await visitor.get("/account")).text


@pytest.mark.parametrize("wanted", ["//evil.example", "/\\evil.example", "https://evil"])
async def test_logging_in_leads_to_no_other_site(visitor: Visitor, wanted: str) -> None:
    await visitor.sign_up()
    visitor.client.cookies.clear()
    typed = {"email": "ada@example.com", "password": PASSWORD, "next": wanted}
    opened = await visitor.submit("/login", **typed)
    assert opened.headers["location"] == "/"


async def test_a_link_is_used_up_by_a_press_and_not_by_a_look(visitor: Visitor) -> None:
    typed = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    await visitor.submit("/signup", **typed)
    link = visitor.mailed("/confirm")
    assert (await visitor.get(link)).status_code == 200
    assert (await visitor.confirm()).status_code == 303
    assert (await visitor.confirm()).status_code == 410


async def test_a_link_is_no_use_to_who_did_not_choose_the_password(
    visitor: Visitor,
) -> None:
    """The form says so, and what to do; the right password still gets in."""
    typed = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    await visitor.submit("/signup", **typed)
    for wrong in ("", "some other words"):
        answer = await visitor.confirm(wrong)
        assert answer.status_code == 422
        assert "Password is not the one that was chosen" in answer.text
        assert "sign up anew" in answer.text
        assert SESSION_COOKIE not in visitor.client.cookies
    assert (await visitor.confirm()).status_code == 303


async def test_guesses_at_a_mailed_link_must_wait(visitor: Visitor) -> None:
    typed = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    await visitor.submit("/signup", **typed)
    codes = [(await visitor.confirm("a guess")).status_code for _ in range(7)]
    assert codes == [422] * 6 + [429]
    refused = await visitor.confirm()
    assert int(refused.headers["retry-after"]) > 0
    assert "Too many tries" in refused.text


async def test_a_new_password_ends_every_session(visitor: Visitor) -> None:
    await visitor.sign_up()
    async with visitor.another() as other:
        other.cookies.update(visitor.client.cookies)
        visitor.client.cookies.clear()
        await visitor.submit("/forgot", email="ada@example.com")
        link = visitor.mailed("/reset")
        set_anew = await visitor.submit(link, "/reset", password="four slow yellow birds")
        assert set_anew.headers["location"] == "/login"
        assert (await other.get("/account")).headers["location"].startswith("/login")


async def test_who_tries_a_reset_link_again_and_again_must_wait(visitor: Visitor) -> None:
    await visitor.sign_up()
    visitor.client.cookies.clear()
    await visitor.submit("/forgot", email="ada@example.com")
    link = visitor.mailed("/reset")
    answers = [
        await visitor.submit(link, "/reset", password="ada@example.com") for _ in range(7)
    ]
    assert [one.status_code for one in answers] == [422] * 6 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_a_short_password_is_told_at_its_field(visitor: Visitor) -> None:
    typed = {"name": "Ada", "email": "ada@example.com", "password": "short"}
    answer = await visitor.submit("/signup", **typed)
    assert answer.status_code == 422
    assert 'id="f-password-problem"' in answer.text
    assert 'value="ada@example.com"' in answer.text
    assert "short</" not in answer.text


async def test_where_sign_up_is_closed_nobody_is_asked_to(office: Office) -> None:
    visitor = Visitor(office, "closed")
    assert "<form" not in (await visitor.get("/signup")).text
    assert "/signup" not in (await visitor.get("/login")).text
    typed = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    assert (await visitor.client.post("/signup", data=typed)).status_code == 403


async def test_a_session_can_be_ended_from_another(visitor: Visitor) -> None:
    await visitor.sign_up()
    async with visitor.another() as other:
        other.cookies.update(visitor.client.cookies)
        visitor.client.cookies.clear()
        typed = {"email": "ada@example.com", "password": PASSWORD}
        await visitor.submit("/login", **typed)
        ended = await visitor.submit("/account", "/account/sessions/end-others")
        assert ended.status_code == 303
        assert (await other.get("/account")).status_code == 303
        assert (await visitor.get("/account")).status_code == 200


async def test_logging_out_ends_the_session_on_the_server(visitor: Visitor) -> None:
    await visitor.sign_up()
    kept = visitor.client.cookies[SESSION_COOKIE]
    await visitor.submit("/account", "/logout")
    visitor.client.cookies.clear()
    visitor.client.cookies.set(SESSION_COOKIE, kept)
    assert (await visitor.get("/account")).status_code == 303
