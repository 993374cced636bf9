"""A path that two servers could read differently passes no check."""

from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keyhouse.core.paths import plain_path


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/", "/"),
        ("/v1/pages", "/v1/pages"),
        ("/v1/pages/", "/v1/pages/"),
        ("/a.b/..c/...", "/a.b/..c/..."),
        ("/.well-known/x", "/.well-known/x"),
        ("/a:b@c!$&'()*+,=", "/a:b@c!$&'()*+,="),
        ("/%61dmin", "/admin"),
        ("/%7Euser/%7e", "/~user/~"),
        ("/k%c3%b6ln", "/k%C3%B6ln"),
        ("/a%20b", "/a%20b"),
        ("/a%3a", "/a:"),
        ("/%21%24%26%27%28%29%2A%2B%2C%3D%40", "/!$&'()*+,=@"),
        ("/%22%3C%3E%5B%5D%5E%60%7B%7C%7D", '/"<>[]^`{|}'),
        ("/a%3fb%23c", "/a%3Fb%23c"),
    ],
)
def test_one_reading(path: str, plain: str) -> None:
    assert plain_path(path) == plain
    assert plain_path(plain) == plain


@pytest.mark.parametrize(
    "path",
    [
        "",
        "admin",
        "*",
        "http://x/admin",
        "//admin",
        "/a//b",
        "/a//",
        "/.",
        "/..",
        "/a/./b",
        "/a/../b",
        "/a/..",
        "/%2e%2e/admin",
        "/.%2E/admin",
        "/a%2fb",
        "/a%2Fb",
        "/a\\b",
        "/a%5cb",
        "/a%00",
        "/a\x00",
        "/a%0d%0aX",
        "/a%1f",
        "/a%7F",
        "/a b",
        "/a\t",
        "/%",
        "/%2",
        "/%zz",
        "/a%252fb",
        "/a;b",
        "/..;/admin",
        "/a%3bb",
        "/köln",
        "/\x80",
        "/a?b",
        "/a#b",
        "/a\n",
        "/%2\n0",
    ],
)
def test_two_readings(path: str) -> None:
    assert plain_path(path) is None


_PRINTABLE = [chr(code) for code in range(0x21, 0x7F) if chr(code) not in "%/\\;?#."]


@given(st.lists(st.tuples(st.sampled_from(_PRINTABLE), st.sampled_from("cxX"))))
def test_how_a_character_is_written_makes_no_other_path(
    written: list[tuple[str, str]],
) -> None:
    """As it is, or escaped in small or capital letters: an upstream decodes it."""
    form = {"c": "{0}", "x": "%{1:02x}", "X": "%{1:02X}"}
    path = "/" + "".join(form[how].format(one, ord(one)) for one, how in written)
    assert plain_path(path) == "/" + "".join(one for one, _ in written)


@given(path=st.text("/.%25eEfFaA;\\ab0\xe9 ", max_size=12).map(lambda tail: "/" + tail))
@example("/%2e")
def test_a_plain_path_means_the_same_decoded_or_not(path: str) -> None:
    plain = plain_path(path)
    if plain is None:
        return
    assert plain_path(plain) == plain
    assert unquote(plain, "latin-1") == unquote(path, "latin-1")
    segments = unquote(plain, "latin-1").split("/")
    assert len(segments) == plain.count("/") + 1
    assert not {".", "..", ""} & set(segments[1:-1])
    assert segments[-1] not in {".", ".."}
