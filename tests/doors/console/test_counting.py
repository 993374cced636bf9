"""How often which part of the console answered what, for an operator's charts."""

from collections import Counter

from keyhouse.doors.console import ConsoleConfig, build_console
from keyhouse.services.work import Office
from tests.doors.console.conftest import URL, Visitor


async def test_each_answer_is_counted_by_page_and_status(
    office: Office, visitor: Visitor
) -> None:
    """Refusals too, and nothing that a visitor chose is in a label."""
    counts: Counter[tuple[str, str]] = Counter()

    def answered(page: str, status: str) -> None:
        counts[page, status] += 1

    config = ConsoleConfig(gateway_url=URL, public_url=URL, sign_up="open")
    visitor.app = build_console(office, visitor.people, config, answered)
    visitor.client = visitor.another()
    assert await _status(visitor, "/login") == 200
    assert await _status(visitor, "/assets/0/none.css") == 404
    assert await _status(visitor, "/no/such/page/at/all/anywhere") == 404
    foreign = {"Origin": "https://evil.example"}
    assert (await visitor.client.post("/login", headers=foreign)).status_code == 403
    assert counts == {
        ("auth", "200"): 1,
        ("assets", "404"): 1,
        ("none", "404"): 1,
        ("none", "403"): 1,
    }


async def _status(visitor: Visitor, path: str) -> int:
    return (await visitor.get(path)).status_code
