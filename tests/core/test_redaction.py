"""What looks like a credential is written down nowhere, wherever it stood in a path."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.entities import Environment, KeyKind
from keyhouse.core.redaction import LENGTH_MIN, redacted
from keyhouse.core.secret import mint
from keyhouse.core.user_tokens import PREFIX

_SECRETS = [
    mint(prefix, kind, environment, bytes(range(32))).reveal()
    for prefix in ("kh", "a0", "acme123456789012")
    for kind, environment in (
        (KeyKind.SERVER, Environment.LIVE),
        (KeyKind.PUBLISHABLE, Environment.TEST),
        (KeyKind.MANAGEMENT, None),
    )
]
_TOKEN = f"{PREFIX.decode()}iJ9.eyJhIjoxfQ.c2ln-_"


@pytest.mark.parametrize("found", [*_SECRETS, _TOKEN])
def test_neither_a_secret_nor_a_token_is_left(found: str) -> None:
    assert redacted(f"/{found}") == "/…"
    assert redacted(f"/a/{found}/b/{found}") == "/a/…/b/…"
    assert redacted(f"/a;k={found}&b") == "/a;k=…&b"


@given(st.sampled_from([*_SECRETS, _TOKEN]), st.data())
def test_an_escape_hides_none(found: str, data: st.DataObject) -> None:
    """Whoever reads the log decodes it at a glance."""
    escaped = data.draw(st.sets(st.sampled_from(range(len(found)))))
    written = "".join(
        f"%{ord(one):02x}" if place in escaped else one for place, one in enumerate(found)
    )
    assert redacted(f"/a/{written}") == "/a/…"


def test_a_mistyped_secret_is_left_out_as_well() -> None:
    assert redacted(f"/{_SECRETS[0][:-1]}0") == "/…"


def test_none_is_too_short_to_be_looked_for() -> None:
    assert min(map(len, _SECRETS)) == LENGTH_MIN <= len(PREFIX)


@given(st.text())
def test_any_other_path_stays_as_it_was(path: str) -> None:
    assert redacted(path) == path
    told = "/" + quote(path) + "/task_book/sk_live_" + "a" * LENGTH_MIN
    assert redacted(told) == told
