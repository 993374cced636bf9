"""Prefixes: the longest one of whole segments leads, in each spelling of a path."""

from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.paths import plain_path
from keyhouse.core.prefixes import NOWHERE, Lead, Prefixes

_SEGMENTS = st.sampled_from(["a", "b", "A", "ab", "a.b", ".a", "v1", "v10", "~"])
_PREFIXES = st.lists(_SEGMENTS, max_size=4).map(
    lambda those: "".join(f"/{s}" for s in those)
)
_PATHS = st.tuples(_PREFIXES, st.sampled_from(["", "/"])).map(
    lambda two: "".join(two) or "/"
)


def oracle(slugs: dict[str, str], path: str) -> Lead:
    """Segment by segment, from the whole path down to none of it."""
    segments = [one for one in path.split("/") if one]
    for depth in range(len(segments), -1, -1):
        slug = slugs.get("".join(f"/{one}" for one in segments[:depth]))
        if slug is not None:
            return Lead(slug, depth)
    return NOWHERE


@given(st.dictionaries(_PREFIXES, st.sampled_from(["one", "two", "three"])), _PATHS)
def test_the_longest_prefix_of_whole_segments_leads(
    slugs: dict[str, str], path: str
) -> None:
    prefixes = Prefixes("api.example.com", slugs.items())
    assert prefixes.lead(path) == oracle(slugs, path)
    assert prefixes.count == len(slugs)


@given(st.dictionaries(_PREFIXES, st.just("one")), _PATHS, st.data())
def test_a_needless_escape_leads_where_the_letter_does(
    slugs: dict[str, str], path: str, data: st.DataObject
) -> None:
    """Whoever escapes a letter gets to no other API, and around no check."""
    spelled = "".join(
        f"%{ord(one):02x}" if one != "/" and data.draw(st.booleans()) else one
        for one in path
    )
    plain = plain_path(spelled)
    if "." in path and plain is None:
        return
    assert plain is not None
    prefixes = Prefixes("api.example.com", slugs.items())
    assert prefixes.lead(plain) == prefixes.lead(path)


def test_a_prefix_ends_where_a_segment_does() -> None:
    prefixes = Prefixes("a.b", [("/v1", "one"), ("", "all"), ("/v1/x", "two")])
    assert [
        prefixes.lead(path).slug
        for path in ("/", "/v1", "/v1/", "/v10", "/V1", "/v1/x", "/v1/xy", "/v1/x/y")
    ] == ["all", "one", "one", "all", "all", "two", "one", "two"]
    assert Prefixes("a.b", [("/v1", "one")]).lead("/v10/v1") == NOWHERE
