"""A list page asks the database a few times, however many rows it has."""

import pytest

from keyhouse.adapters.database import Database
from keyhouse.adapters.database.cursors import write_cursor
from keyhouse.services import catalog
from keyhouse.services.catalog import customers
from keyhouse.services.issue import tallies
from tests.contracts import world as make
from tests.scale.at_home import at_home, statements
from tests.scale.crowd import Crowd

KEYS = 300
ROWS = 50
"""On a page. Asking for something of each row takes as many statements at least."""


@pytest.fixture
def crowd(database: Database) -> Crowd:
    """The newest 50 applications have no key; each customer has ten applications."""
    with database.rows.writing() as tx:
        tx.insert(make.organization())
        tx.insert(make.project())
    made = Crowd(database, make.id_of("org", 1), make.id_of("prj", 1))
    made.grow(KEYS)
    return made


async def test_no_list_asks_for_each_of_its_rows(crowd: Crowd) -> None:
    """Where each row is asked for, a page is slow on a database across a network."""
    lists = await at_home(crowd)
    counted: dict[str, int] = {}
    for name, address in lists.addresses.items():
        with statements(crowd.database) as asked:
            page = await lists.visitor.get(address)
        assert page.status_code == 200, page.text
        counted[name] = len(asked)
    assert {name: many for name, many in counted.items() if many >= ROWS} == {}
    await lists.visitor.client.aclose()


async def test_what_is_not_counted_to_the_end_says_so(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number that stops counting and does not say so is a lie."""
    lists = await at_home(crowd)
    pages = [lists.addresses[name] for name in ("applications", "customers")]
    told = [(await lists.visitor.get(page)).text for page in pages]
    assert [page.count(" at least</td>") for page in told] == [0, 0]
    monkeypatch.setattr(tallies, "LOOKED_AT_MAX", 0)
    monkeypatch.setattr(customers, "APPLICATIONS_COUNTED", 3)
    monkeypatch.setattr(catalog, "APPLICATIONS_COUNTED", 3)
    owners = (await lists.visitor.get(pages[1])).text
    assert owners.count("3 at least</td>") == ROWS
    with_keys = f"{pages[0]}?cursor={write_cursor(crowd.application(KEYS))}"
    applications = (await lists.visitor.get(with_keys)).text
    assert applications.count("0 at least</td>") == ROWS
    await lists.visitor.client.aclose()
