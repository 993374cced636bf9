import pytest

from keyhouse.core.validation import Problem
from keyhouse.doors.console import words
from keyhouse.doors.console.devices import device_of
from keyhouse.doors.console.forms import by_field, safe_next

SECOND = 1_000_000
NOW = 1_760_000_000 * SECOND


@pytest.mark.parametrize(
    ("seconds", "read"),
    [
        (0, "just now"),
        (30, "30 seconds ago"),
        (60, "1 minute ago"),
        (3 * 3600, "3 hours ago"),
        (86_400, "1 day ago"),
        (-14 * 86_400, "in 2 weeks"),
    ],
)
def test_times_are_told_as_people_tell_them(seconds: int, read: str) -> None:
    assert words.ago(NOW - seconds * SECOND, NOW) == read


def test_a_time_has_its_exact_moment_on_hover() -> None:
    told = words.when(NOW - 60 * SECOND, NOW)
    assert 'datetime="2025-10-09T08:52:20+00:00"' in told
    assert 'title="9 October 2025, 08:52:20 UTC"' in told
    assert "1 minute ago" in told


def test_nothing_yet_is_never() -> None:
    assert words.ago(None, NOW) == "never"
    assert "not used" in words.when(None, NOW, "not used")


@pytest.mark.parametrize(
    ("microseconds", "read"),
    [
        (None, "–"),  # noqa: RUF001 # a dash it is
        (840, "840 µs"),
        (1_240, "1.2 ms"),
        (12_000, "12 ms"),
        (1_400_000, "1.4 s"),
    ],
)
def test_latencies_have_the_unit_that_fits(microseconds: int | None, read: str) -> None:
    assert words.micros(microseconds) == read


def test_counts_are_grouped() -> None:
    assert words.plural(1, "key") == "1 key"
    assert words.plural(1200, "key") == "1,200 keys"
    assert words.plural(2, "entry", "entries") == "2 entries"


def test_a_browser_is_named_as_its_owner_names_it() -> None:
    linux = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"
    assert device_of(linux).name == "Chrome on Linux"
    assert device_of(phone) == ("Safari on iPhone", "smartphone")
    assert device_of("").name == "A browser"


def test_a_field_tells_one_problem_at_a_time() -> None:
    first, second = Problem("name", "is empty", "give one"), Problem("name", "x", "y")
    assert by_field([first, second]) == {"name": first}


@pytest.mark.parametrize(
    ("wanted", "went"),
    [
        ("/account?x=1", "/account?x=1"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_stays_on_this_site(wanted: str, went: str) -> None:
    assert safe_next(wanted) == went


def test_a_time_in_a_sentence_is_exact() -> None:
    """`until in 2 days` is no sentence."""
    told = words.at(1_760_000_000_000_000, 1_760_000_000_000_000 + 3_600_000_000)
    assert ">9 October 2025, 08:53:20 UTC</time>" in told
    assert 'title="1 hour ago"' in told
