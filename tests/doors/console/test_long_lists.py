"""Lists of an organization that are longer than a page go on behind it."""

import re
from typing import Any

import pytest

from keyhouse.core.entities import Member, Person, Role
from keyhouse.doors.console.pages import members, projects
from keyhouse.services.work import Office
from tests.doors.console.conftest import Visitor
from tests.doors.console.rooms import Rooms, enter


@pytest.fixture
async def rooms(visitor: Visitor) -> Rooms:
    return await enter(visitor)


async def _all_of(rooms: Rooms, url: str, row: str) -> list[str]:
    """What `row` finds on each page in turn; page after page as a visitor asks for it."""
    found: list[str] = []
    while True:
        text = await rooms.text(url)
        found += re.findall(row, text)
        more = re.search(r'href="([^"]+\?cursor=[^"]+)">Show more', text)
        if more is None:
            return found
        url = more[1]


async def test_every_project_is_found(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projects, "_SHOWN", 2)
    home = f"{rooms.home}/projects"
    named = [f"Shop {number}" for number in range(4)]
    for name in named:
        await rooms.visitor.submit(f"{home}/new", home, name=name)
    found = await _all_of(rooms, home, r"(Shop \d)</a>")
    assert sorted(found) == named


async def test_every_member_is_found(
    rooms: Rooms, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "_SHOWN", 2)
    organization = rooms.home[1:]
    named = [f"Member {number}" for number in range(4)]
    with office.rows.writing() as tx:
        for number, name in enumerate(named):
            id = f"per_{number:022}"
            made: dict[str, Any] = {"created_at": 1, "updated_at": 1}
            tx.insert(Person(id=id, email=f"{number}@example.com", name=name, **made))
            made |= {"organization_id": organization, "person_id": id}
            tx.insert(Member(id=f"{organization}/{id}", role=Role.VIEWER, **made))
    found = await _all_of(rooms, f"{rooms.home}/members", r">(Member \d)<")
    assert sorted(set(found)) == named
