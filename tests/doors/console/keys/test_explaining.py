"""Trying a request on a key's page, and the checks on the page of a refused one."""

import re

import httpx

from keyhouse.adapters.database import Database
from keyhouse.core import ids
from keyhouse.core.addresses import parse_address
from keyhouse.core.entities import Access, Key
from keyhouse.core.explain import CHECKS
from keyhouse.core.usage import LogRow, UsageBatch, Use
from keyhouse.core.verdict import Verdict
from keyhouse.doors.console.keys.explaining import LABELS
from keyhouse.services.work import Office
from tests.doors.console.keys.conftest import Desk


def outcomes(page: httpx.Response) -> dict[str, str]:
    """The outcome of each check on a page, by its label."""
    lines = re.findall(
        r'<li class="walk-(\w+)">.*?<strong>(.*?)</strong>', page.text, re.DOTALL
    )
    return {label: outcome for outcome, label in lines}


def test_every_check_has_a_name_for_people() -> None:
    assert list(LABELS) == [check.name for check in CHECKS]


async def test_a_request_is_tried_without_script(desk: Desk) -> None:
    id, _ = await desk.create(networks_allowed="203.0.113.0/24")
    page = await desk.get(f"/keys/{id}")
    assert f"/keys/{id}/explain" in page.text
    empty = await desk.get(f"/keys/{id}/explain")
    assert 'class="walk' not in empty.text
    told = await desk.post(
        f"/keys/{id}/explain", method="GET", path="/a", address="198.51.100.7"
    )
    assert told.status_code == 200
    assert "would be refused: Address not allowed" in told.text
    found = outcomes(told)
    assert list(found) == list(LABELS.values())
    assert found["Network"] == "refused"
    assert {found[name] for name in found if name != "Network"} == {"passed"}
    assert f"/keys/{id}/change/restrictions" in told.text
    assert 'value="198.51.100.7"' in told.text
    good = await desk.post(f"/keys/{id}/explain", address="203.0.113.9")
    assert "This request would pass." in good.text
    untold = await desk.post(f"/keys/{id}/explain")
    assert outcomes(untold)["Network"] == "cannot_tell"


async def test_a_wrong_field_comes_back_as_it_was_typed(desk: Desk) -> None:
    id, _ = await desk.create()
    told = await desk.post(f"/keys/{id}/explain", address="<here>", path="a")
    assert told.status_code == 422
    assert "is no address" in told.text
    assert "does not begin with /" in told.text
    assert "&lt;here&gt;" in told.text
    assert "<here>" not in told.text


async def test_what_people_named_is_text_and_no_markup(desk: Desk) -> None:
    wicked = "<b>{since}</b>"
    id, _ = await desk.create(wicked)
    assert (await desk.post(f"/keys/{id}/disable")).status_code == 303
    told = await desk.post(f"/keys/{id}/explain")
    assert "The key &lt;b&gt;{since}&lt;/b&gt; was switched off at <time" in told.text
    assert wicked not in told.text


async def test_a_refused_requests_page_lists_all_checks(
    desk: Desk, office: Office, database: Database
) -> None:
    id, _ = await desk.create(networks_allowed="203.0.113.0/24")
    request = book(office, database, id)
    page = await desk.get(f"/requests/{request}")
    found = outcomes(page)
    assert list(found) == list(LABELS.values())
    assert found["Network"] == "refused"
    assert "198.51.100.7" in page.text
    assert f"/keys/{id}/change/restrictions" in page.text
    assert "The log keeps no referrer, origin" in page.text
    key_page = await desk.get(f"/keys/{id}")
    assert f"/requests/{request}" in key_page.text


async def test_a_request_that_passed_has_nothing_to_explain(
    desk: Desk, office: Office, database: Database
) -> None:
    id, _ = await desk.create()
    request = book(office, database, id, Verdict.VALID)
    assert outcomes(await desk.get(f"/requests/{request}")) == {}


async def test_a_caller_without_a_key_has_no_checks_but_one(
    desk: Desk, office: Office, database: Database
) -> None:
    id, _ = await desk.create()
    request = book(office, database, id, Verdict.MISSING, known=False)
    found = outcomes(await desk.get(f"/requests/{request}"))
    assert found.pop("Secret") == "refused"
    assert set(found.values()) == {"not_looked_at"}


def book(
    office: Office,
    database: Database,
    key_id: str,
    verdict: Verdict = Verdict.IP_NOT_ALLOWED,
    *,
    known: bool = True,
) -> str:
    """A request in the log of the key's API."""
    with office.rows.reading() as tx:
        key = tx.get(Key, key_id)
        (access,) = tx.find(Access, key_id=key_id)
    assert key is not None
    own = key.organization_id
    use = Use(own, own, access.resource_id, "", key_id, 1, key.application_id, "test", "")
    if not known:
        use = use._replace(key_id="", secret_version=0, application_id="")
    now = office.clock.now_us()
    id = ids.make_id(ids.REQUEST, now, bytes(10))
    here = parse_address("198.51.100.7")
    row = LogRow(id, now, use, verdict.number, "GET", "/weather/a", here, 403, 5)
    database.sink.open_spool("spl_1", "nod_1", "boot")
    assert database.sink.book(UsageBatch("spl_1", 0, 1, log=[row]))
    return id


async def test_a_user_of_the_key_is_tried(desk: Desk) -> None:
    id, _ = await desk.create()
    told = await desk.post(f"/keys/{id}/explain", **{"token.sub": "alice"})
    assert told.status_code == 200
    assert "This request would pass" in told.text
    assert "a token of alice" in told.text
    wrong = await desk.post(f"/keys/{id}/explain", **{"token.jti": "tok_1"})
    assert wrong.status_code == 422
    assert "is no token&#39;s id" in wrong.text
