"""Hosts: what a Host header names, and what an API may be called."""

import pytest

from keyhouse.core.hosts import cover_of, parent_of, parts_of, read_host
from keyhouse.core.paths import plain_path
from keyhouse.core.validation import check_hosts


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("api.example.com", "api.example.com"),
        ("API.Example.COM", "api.example.com"),
        ("api.example.com:8443", "api.example.com"),
        ("api.example.com:", "api.example.com"),
        ("api.example.com.", "api.example.com"),
        ("api.example.com.:80", "api.example.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("weather", "weather"),
        ("a_b.internal", "a_b.internal"),
    ],
)
def test_a_host_header_names_a_host_whatever_its_spelling(header: str, name: str) -> None:
    assert read_host(header) == name


@pytest.mark.parametrize(
    "header",
    [
        "",
        ".",
        "..",
        "api..example.com",
        ".example.com",
        "api.example.com..",
        "127.0.0.1:8080",
        "127.1",
        "0x7f.1",
        "127.0.0.0x1",
        "2130706433",
        "[::1]:8080",
        "::1",
        "a:b:80",
        "api.example.com:80x",
        "a b.example",
        "a/b",
        "a@b.example",
        "b\u00fccher.example",
        "-a.example",
        "a-.example",
        "*.example.com",
        "a, b.example",
        "a.example\n",
        "x" * 64 + ".example",
        "x." * 127 + "xy",
    ],
)
def test_what_is_no_name_is_no_ones_host(header: str) -> None:
    assert read_host(header) is None


def test_a_star_covers_one_label() -> None:
    assert cover_of("api.example.com") == "*.example.com"
    assert cover_of("a.api.example.com") == "*.api.example.com"
    assert parent_of("*.example.com") == parent_of("api.example.com") == "example.com"


def test_hosts_of_an_api() -> None:
    hosts = ("api.example.com", "*.example.com", "weather.internal", "weather", "xn--a.b.c")
    assert check_hosts("hosts", hosts, {"gateway.example.com"}) == []


def test_prefixes_of_an_api() -> None:
    prefixes = (
        "/weather",
        "/weather/v2",
        "/Weather",
        "/.well-known/x",
        "/~me/a_b-c.d/...",
        "/keyhouse/.keyhouse",
        "/" + "x" * 127,
        "/x" * 8,
    )
    hosts = [host + prefix for host in ("a.b", "*.b.c") for prefix in prefixes]
    assert check_hosts("hosts", hosts, {"gateway.example.com"}) == []
    for prefix in prefixes:
        assert plain_path(prefix) == prefix
        assert parts_of(f"a.b{prefix}") == ("a.b", prefix)
    assert parts_of("a.b") == ("a.b", "")


@pytest.mark.parametrize(
    ("prefix", "reason"),
    [
        ("/", "ends with a slash"),
        ("/weather/", "ends with a slash"),
        ("//", "ends with a slash"),
        ("//weather", "has a prefix with more than one reading"),
        ("/a//b", "has a prefix with more than one reading"),
        ("/.", "has a prefix with more than one reading"),
        ("/..", "has a prefix with more than one reading"),
        ("/a/../b", "has a prefix with more than one reading"),
        ("/%61", "has a prefix with other characters"),
        ("/a%2Fb", "has a prefix with other characters"),
        ("/a;b", "has a prefix with other characters"),
        ("/a\\b", "has a prefix with other characters"),
        ("/a b", "has a prefix with other characters"),
        ("/a?b", "has a prefix with other characters"),
        ("/a#b", "has a prefix with other characters"),
        ("/a*", "has a prefix with other characters"),
        ("/{id}", "has a prefix with other characters"),
        ("/b\u00fccher", "has a prefix with other characters"),
        ("/a\n", "has a prefix with other characters"),
        ("/.keyhouse", "has Keyhouse's own prefix"),
        ("/.keyhouse/v1", "has Keyhouse's own prefix"),
        ("/.KEYHOUSE", "has Keyhouse's own prefix"),
        ("/" + "x" * 128, "has too long a prefix"),
        ("/x" * 9, "has too long a prefix"),
    ],
)
@pytest.mark.parametrize("host", ["api.example.com", "*.example.com"])
def test_what_no_prefix_may_be(host: str, prefix: str, reason: str) -> None:
    problems = check_hosts("hosts", ["api.example.com", host + prefix], ())
    assert [(one.field, one.reason) for one in problems] == [("hosts.1", reason)]
    assert all(one.mend for one in problems)


def test_a_prefix_makes_no_other_host_of_a_wrong_one() -> None:
    hosts = ["10.0.0.1/x", "a:80/x", "/x", "gateway.example.com/x", "*.com/x"]
    problems = check_hosts("hosts", hosts, {"gateway.example.com"})
    assert [one.reason for one in problems] == [
        "is no host",
        "is no host",
        "is no host",
        "is a name of Keyhouse itself",
        "covers too much",
    ]


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("API.example.com", "is no host"),
        ("api.example.com:80", "is no host"),
        ("api.example.com.", "is no host"),
        ("https://api.example.com", "is no host"),
        ("https://api.example.com/v1", "is no host"),
        ("10.0.0.1", "is no host"),
        ("b\u00fccher.example", "is no host"),
        ("", "is no host"),
        ("*", "is no host"),
        ("*.*.example.com", "is no host"),
        ("a.*.example.com", "is no host"),
        ("*.10.0.0.1", "is no host"),
        ("*.com", "covers too much"),
        ("gateway.example.com", "is a name of Keyhouse itself"),
    ],
)
def test_what_no_api_may_be_called(host: str, reason: str) -> None:
    problems = check_hosts("hosts", ["api.example.com", host], {"gateway.example.com"})
    assert [(one.field, one.reason) for one in problems] == [("hosts.1", reason)]
    assert all(one.mend for one in problems)
