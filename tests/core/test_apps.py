"""Apps: one form, whatever way their fingerprint is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.apps import NO_APP, Apps, app_of, canonical_app

HEX = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
APP = f"android:com.example.app:{HEX}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "com.example.app",
        "android:com.example.app",
        f"android:app:{HEX}",
        f"android:com.example.app:{HEX}00",
        f"android:com..app:{HEX}",
        f"android:com.1app:{HEX}",
        f"android:com.example.\u00e4pp:{HEX}",
        f"android:com.example.app:{HEX[:-1]}\u0661",
        "ios:",
        "ios:com..app",
        "ios:com.example.*",
        "IOS:com.example.app",
        "ios:com.example.app ",
        "ios:" + "a" * 600,
    ],
)
def test_what_is_no_app(text: str) -> None:
    with pytest.raises(ValueError, match="an app is"):
        canonical_app(text)
    assert not Apps([APP]).admit(text)


@given(st.lists(st.booleans(), min_size=19, max_size=19), st.booleans())
def test_a_fingerprint_reads_alike_however_it_is_written(
    colons: list[bool], capitals: bool
) -> None:
    pairs = [HEX[at : at + 2] for at in range(0, 40, 2)]
    written = pairs[0] + "".join(
        f"{':' if colon else ''}{pair}"
        for colon, pair in zip(colons, pairs[1:], strict=True)
    )
    written = written.upper() if capitals else written
    told = app_of({"x-android-package": "com.example.app", "x-android-cert": written})
    assert told == APP
    assert Apps([f"android:com.example.app:{written}"]).admit(APP)


def test_half_an_app_and_two_apps_are_none() -> None:
    assert app_of({}) == NO_APP
    assert app_of({"x-android-package": "com.example.app"}) == NO_APP
    assert app_of({"x-android-cert": HEX}) == NO_APP
    both = {"x-ios-bundle-identifier": "a.b", "x-android-cert": HEX}
    assert app_of(both) == NO_APP
    assert app_of({"x-ios-bundle-identifier": "a.b"}) == "ios:a.b"
