from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.csrf import csrf_fits, csrf_token

TOKEN = "Zk3v0b1m9tWcQyJr7pXn5sLd2fHg8aUe4iOoKqRwTxY"


def test_a_sessions_own_token_fits_and_no_other() -> None:
    assert csrf_fits(TOKEN, csrf_token(TOKEN))
    assert not csrf_fits(TOKEN, csrf_token(TOKEN[:-1]))
    assert not csrf_fits(TOKEN, None)
    assert not csrf_fits(TOKEN, "")
    assert not csrf_fits(TOKEN, TOKEN)


@given(st.text(), st.text())
def test_any_text_can_be_asked_about(session: str, told: str) -> None:
    """What a stranger sends as a cookie or header must not break the check."""
    assert csrf_fits(session, csrf_token(session))
    assert csrf_fits(session, told) == (told == csrf_token(session))


def test_lone_surrogates_of_a_header_are_no_fault() -> None:
    assert not csrf_fits(TOKEN, "\udcff")


def test_the_token_tells_nothing_that_is_kept_of_the_session() -> None:
    """The database holds digests of sessions; a page must not show one."""
    for size in (16, 24, 32, 64):
        kept = blake2b(TOKEN.encode(), digest_size=size).hexdigest()
        assert csrf_token(TOKEN) not in kept
