"""The end of the change log in memory: nothing is passed over."""

from keyhouse.core.records import Change, PartRef
from keyhouse.ports import Changes
from keyhouse.services.verify import RecentChanges


def part(number: int) -> PartRef:
    return PartRef("key", f"key_{number}")


def changes(*numbers: int, of: int = 0) -> Changes:
    rows = tuple(Change(number, part(of or number)) for number in numbers)
    return Changes(numbers[-1], rows)


def recent(head: int = 0, rows_max: int = 10) -> RecentChanges:
    made = RecentChanges(bytes(32), rows_max)
    made.start(head)
    return made


def test_what_changed_is_told_in_order_and_once() -> None:
    log = recent()
    log.hear(changes(1, 2))
    log.hear(changes(3, of=1))
    assert log.head == 3
    assert log.since(0) == (part(1), part(2))
    assert log.since(2) == (part(1),)
    assert log.since(3) == ()


def test_what_was_told_before_does_no_harm() -> None:
    log = recent()
    log.hear(changes(1, 2))
    log.hear(changes(1, 2))
    log.hear(changes(1, 2, 3))
    assert log.since(0) == (part(1), part(2), part(3))


def test_whoever_is_further_behind_than_is_known_must_forget_all() -> None:
    log = recent(head=5, rows_max=3)
    assert log.since(4) is None
    log.hear(changes(6, 7, 8, 9, 10))
    assert log.since(6) is None
    assert log.since(7) == (part(8), part(9), part(10))


def test_one_transaction_is_told_whole_or_not_at_all() -> None:
    """Half of a change would leave the other half remembered for ever."""
    log = recent(rows_max=3)
    log.hear(Changes(1, (Change(1, part(1)), Change(1, part(2)))))
    log.hear(Changes(2, (Change(2, part(3)), Change(2, part(4)))))
    assert log.since(0) is None
    assert log.since(1) == (part(3), part(4))


def test_a_future_that_is_not_known_yet_is_no_silence() -> None:
    assert recent(head=5).since(6) is None


def test_a_pruned_or_restored_log_begins_anew() -> None:
    log = recent(head=9)
    news: list[int] = []
    log.listen(lambda: news.append(log.head))
    log.hear(Changes(4, forget_all=True))
    assert (log.head, news) == (4, [4])
    assert log.since(9) is None
    assert log.since(4) == ()


def test_news_are_told_when_there_are_any() -> None:
    log, news = recent(), list[int]()
    log.listen(lambda: news.append(log.head))
    log.hear(Changes(0))
    log.hear(changes(1))
    log.hear(Changes(1))
    assert news == [1]
