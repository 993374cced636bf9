"""The link of an invitation, from the mail to the membership."""

from keyhouse.services.work import Office
from tests.doors.console.conftest import PASSWORD, Visitor
from tests.doors.console.rooms import enter


async def invited(visitor: Visitor, email: str, role: str = "developer") -> str:
    """The path of the link that an owner had mailed."""
    rooms = await enter(visitor, "owner@example.com")
    path = f"{rooms.home}/members"
    await visitor.submit(f"{path}/invite", email=email, role=role)
    visitor.client.cookies.clear()
    return visitor.mailed("/invitations/")


async def test_a_newcomer_signs_up_into_the_organization(visitor: Visitor) -> None:
    link = await invited(visitor, "eve@example.com")
    page = (await visitor.get(link)).text
    assert "developer" in page
    assert "/signup?invitation=" in page
    token = link.rpartition("/")[2]
    typed = {"name": "Eve", "email": "eve@example.com", "password": PASSWORD}
    await visitor.submit(f"/signup?invitation={token}", "/signup", **typed)
    confirmed = await visitor.confirm()
    assert confirmed.headers["location"] == "/"
    account = (await visitor.get("/account")).text
    assert "Ada&#39;s organization" in account


async def test_who_has_an_account_joins_with_it(visitor: Visitor) -> None:
    link = await invited(visitor, "eve@example.com")
    await visitor.sign_up("eve@example.com")
    joined = await visitor.submit(link)
    assert joined.status_code == 303
    assert "/projects" in joined.headers["location"]
    assert (await visitor.get(joined.headers["location"])).status_code == 200
    assert (await visitor.get(link)).status_code == 410


async def test_a_link_that_is_not_open_says_so(visitor: Visitor) -> None:
    page = await visitor.get("/invitations/nonsense")
    assert page.status_code == 410
    assert "not open any more" in page.text


async def test_where_people_are_invited_the_link_opens_the_form(office: Office) -> None:
    visitor = Visitor(office, "invited")
    assert "<form" not in (await visitor.get("/signup")).text
    opened = Visitor(office)
    link = await invited(opened, "eve@example.com")
    token = link.rpartition("/")[2]
    assert "/signup?invitation=" in (await visitor.get(link)).text
    typed = {"name": "Eve", "password": PASSWORD}
    path = f"/signup?invitation={token}"
    other = await visitor.submit(path, "/signup", email="mallory@example.com", **typed)
    assert other.status_code == 403
    assert 'value="mallory@example.com"' in other.text
    right = await visitor.submit(path, "/signup", email="eve@example.com", **typed)
    assert right.status_code == 303


async def test_where_sign_up_is_closed_a_link_asks_to_log_in(office: Office) -> None:
    link = await invited(Visitor(office), "eve@example.com")
    closed = Visitor(office, "closed")
    page = (await closed.get(link)).text
    assert "/signup" not in page
    assert "/login?next=%2Finvitations" in page
