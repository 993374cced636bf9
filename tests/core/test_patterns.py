"""Endpoints and referrers admit what their docstrings promise, and nothing else."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.patterns import (
    Endpoints,
    Referrers,
    normal_page,
    parse_endpoint,
    path_expression,
)


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/", "/", True),
        ("/", "/a", False),
        ("/v1/pages", "/v1/pages", True),
        ("/v1/pages", "/v1/pages/", True),
        ("/v1/pages", "/v1/pagesx", False),
        ("/v1/pages", "/v1/Pages", False),
        ("/v1/pages/", "/v1/pages", False),
        ("/v1/*", "/v1/pages", True),
        ("/v1/*", "/v1/", True),
        ("/v1/*", "/v1", False),
        ("/v1/*", "/v1/pages/7", False),
        ("/v1/*/links", "/v1/7/links", True),
        ("/v1/p*s", "/v1/pages", True),
        ("/v1/**", "/v1/pages/7/x", True),
        ("/v1/**", "/v1/", True),
        ("/v1/**", "/v1", False),
        ("/v1/**", "/v10/pages", False),
        ("/**", "/", True),
        ("/**/links", "/a/b/links", True),
        ("/**/links", "/a/b/links/", True),
        ("/**/links", "/a/linksx", False),
        ("/files/**.json", "/files/a/b.json", True),
        ("/files/**.json", "/files/a/b.xml", False),
        ("/v1/{id}", "/v1/7", True),
        ("/v1/{id}", "/v1/", False),
        ("/v1/{id}", "/v1/7/8", False),
        ("/v1/{id}:render", "/v1/7:render", True),
        ("/v1/{id}:render", "/v1/:render", False),
        ("/a.b", "/axb", False),
        ("/a+b", "/aab", False),
        ("/k%C3%B6ln", "/k%C3%B6ln", True),
        ("/k%c3%b6ln", "/k%C3%B6ln", True),
        ("/%41", "/A", True),
        ("/a%3Ab", "/a:b", True),
        ("/a%2Ab", "/a*b", True),
        ("/a%2Ab", "/axb", False),
        ("/a%2A%2Ab", "/a/b", False),
        ("/%7Bid%7D", "/{id}", True),
        ("/%7Bid%7D", "/7", False),
    ],
)
def test_paths(pattern: str, path: str, fits: bool) -> None:
    assert (Endpoints([("*", pattern)]).find("POST", path) is not None) is fits


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/v1",
        "get /v1",
        "GET",
        "GET v1",
        "FETCH /v1",
        "*/v1",
        "GET,POST /v1",
        "GET /a//b",
        "GET /a/../b",
        "GET /a{id",
        "GET /{id}}",
        "GET /{1}",
        "GET /a?b=c",
        "GET /a b",
        "GET /köln",
        "GET /a%2Fb",
        "GET /a%2*",
        "GET /;a",
    ],
)
def test_what_no_request_could_fit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"path|endpoint"):
        parse_endpoint(text)


def test_an_endpoint_is_read_in_two_parts() -> None:
    assert parse_endpoint("GET   /v1/** ") == ("GET", "/v1/**")
    assert parse_endpoint("* /") == ("*", "/")


@pytest.mark.parametrize(
    ("method", "index"),
    [("GET", 0), ("HEAD", 0), ("POST", 1), ("DELETE", 2), ("M-SEARCH", 2), ("", 2)],
)
def test_methods(method: str, index: int) -> None:
    assert (
        Endpoints([("GET", "/a"), ("POST", "/a"), ("*", "/a")]).find(method, "/a") == index
    )


def test_a_method_is_told_by_its_own_name_only() -> None:
    only_get = Endpoints([("GET", "/a/**")])
    for method in ("", "get", "GETX", "XGET", "POST", "GET /a/x", "GET ", " GET"):
        assert only_get.find(method, "/a/b") is None
    assert Endpoints([("HEAD", "/a")]).find("GET", "/a") is None


_ROUTE = st.sampled_from(["/a", "/*", "/{x}/b", "/**", "/a/**", "/**/b"])


@given(
    routes=st.lists(_ROUTE, max_size=6),
    path=st.sampled_from(["/a", "/a/b", "/c", "/c/b", "/a/c/b", "/"]),
)
def test_the_first_that_fits_is_told(routes: list[str], path: str) -> None:
    """Whatever groups the patterns before it have."""
    fits = [
        i for i, one in enumerate(routes) if Endpoints([("*", one)]).find("GET", path) == 0
    ]
    found = Endpoints([("*", one) for one in routes]).find("GET", path)
    assert found == (fits[0] if fits else None)


def test_many_routes_are_one_fast_matcher() -> None:
    routes = [("GET", f"/v1/r{i}/**/x*y/**") for i in range(100)]
    routes += [("*", "/**/a*a*a/**a*a*b") for _ in range(20)]
    endpoints = Endpoints(routes)
    started = time.process_time()
    assert endpoints.find("GET", "/v1/" + "a" * 8000) is None
    assert time.process_time() - started < 0.5


_PAGES = """
example.com              https://example.com/             yes
example.com              http://example.com/a?b#c         yes
example.com              https://example.com              yes
example.com              https://EXAMPLE.com/             yes
EXAMPLE.com              https://example.com/             yes
example.com              https://www.example.com/         no
example.com              https://example.com.evil.net/    no
example.com              https://evil.net/example.com     no
example.com              https://evil.net/?example.com    no
example.com              https://example.com@evil.net/    no
example.com              https://me:pw@example.com/       yes
example.com              https://example.com:8443/        no
example.com              https://example.com:443/         yes
example.com              http://example.com:443/          no
example.com              ftp://example.com/               no
example.com              null                             no
example.com              example.com                      no
example.com              https://example.com\\@evil.net/   no
example.com              https://evil.net\\@example.com/   no
*.example.com            https://example.com/             yes
*.example.com            https://a.b.example.com/x        yes
*.example.com            https://badexample.com/          no
*.example.com            https://example.com.evil.net/    no
*                        https://anything.at.all/x        yes
*                        https://[2001:db8::1]:8080/      no
*:*                      https://[2001:db8::1]:8080/      yes
https://example.com      https://example.com/             yes
https://example.com      http://example.com/              no
*://example.com          http://example.com/              yes
https://example.com:443  https://example.com/             yes
example.com:443          https://example.com/             yes
example.com:443          http://example.com:443/          yes
example.com:8443         https://example.com:8443/        yes
example.com:8443         https://example.com/             no
example.com:*            https://example.com:1234/        yes
example.com:*            https://example.com/             yes
example.com/             https://example.com/any/thing    yes
example.com/*            https://example.com/any/thing    yes
example.com/app/*        https://example.com/app/x/y      yes
example.com/app/*        https://example.com/app          no
example.com/app/*        https://example.com/App/x        no
example.com/app/*        https://example.com              no
example.com/app          https://example.com/app          yes
example.com/app          https://example.com/app/x        no
example.com/*/app        https://example.com/x/app        yes
example.com/*/app        https://example.com/x/y/app      no
[2001:db8::1]            https://[2001:DB8::1]/           yes
[2001:DB8:0::1]:8080     http://[2001:db8::1]:8080/x      yes
[2001:db8::1]            https://[2001:db8::2]/           no
bücher.example           https://xn--bcher-kva.example/   yes
localhost:3000           http://localhost:3000/           yes
127.0.0.1:3000           http://127.0.0.1:3000/           yes
"""


@pytest.mark.parametrize("row", _PAGES.strip().splitlines())
def test_pages(row: str) -> None:
    pattern, page, fits = row.split()
    assert Referrers([pattern]).admit(page, "") is (fits == "yes")
    assert Referrers(["none.test", pattern]).admit(page, "") is (fits == "yes")


def test_an_origin_speaks_where_there_is_no_referrer() -> None:
    anywhere, below = Referrers(["example.com"]), Referrers(["example.com/app/*"])
    assert anywhere.admit("", "https://example.com")
    assert not below.admit("", "https://example.com")
    assert not anywhere.admit("https://evil.net/", "https://example.com")
    assert not anywhere.admit("", "")
    assert not anywhere.admit("", "null")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ftp://x",
        "a b",
        "example.com:0",
        "example.com:65536",
        "example.com:x",
        "http://",
        "*.",
        "a.*.b",
        "**.example.com",
        "me@example.com",
        "[::1",
        "[1.2.3.4]",
        "a..b",
        "/x",
        "[::g]",
        "https:example.com",
        "example.com/ü",
        "example.com/ x",
    ],
)
def test_what_names_no_page_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Referrers([text])


def test_a_long_referrer_cannot_keep_a_matcher_busy() -> None:
    referrers = Referrers(["example.com/a*a*a*a*a*a*a*b", "*.example.com/*a*b*c*d"])
    started = time.process_time()
    assert not referrers.admit("https://example.com/" + "a" * 20_000, "")
    assert not referrers.admit("https://" + "a." * 10_000, "")
    assert not referrers.admit("https://" + "a" * 20_000 + "@", "")
    assert time.process_time() - started < 0.2


def test_a_page_is_told_in_one_form() -> None:
    assert normal_page("HTTPS://u:p@Example.COM:443/A?q#f") == "https://example.com/A"
    assert normal_page("http://example.com:8080") == "http://example.com:8080"
    for text in ("", "http://", "http:///x", "http://a:b/", "http://a b/", "//example.com"):
        assert normal_page(text) is None


def test_a_path_pattern_says_why_it_is_none() -> None:
    with pytest.raises(ValueError, match="begins with /"):
        path_expression("v1")
