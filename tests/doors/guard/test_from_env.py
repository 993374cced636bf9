"""Where a guard finds Keyhouse: in a folder, or elsewhere; and never in doubt."""

import subprocess
import sys

import pytest

from keyhouse import Keyhouse
from keyhouse.settings import SettingsError

URL, KEY = "http://127.0.0.1:9", "kh_mk_managermanagermanagermanagerma0Pb0dH"


@pytest.mark.parametrize(
    ("environ", "text"),
    [
        ({}, "KEYHOUSE_API_KEY is not set"),
        ({"KEYHOUSE_API_KEY": KEY, "KEYHOUSE_DATA__DIR": "/x"}, "unset one of them"),
        (
            {"KEYHOUSE_API_KEY": KEY, "KEYHOUSE_DATA__DATABASE_URL": "x"},
            "unset one of them",
        ),
        ({"KEYHOUSE_API_KEY": KEY, "KEYHOUSE_CONFIG": "x.toml"}, "unset one of them"),
        ({"KEYHOUSE_API_KEY": KEY, "KEYHOUSE_URL": "here"}, "KEYHOUSE_URL is no address"),
        ({"KEYHOUSE_API_KEY": f"{KEY}\n{KEY}"}, "one word of visible ASCII"),
        ({"KEYHOUSE_API_KEY": f"{KEY}\u00e4"}, "one word of visible ASCII"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_opened(
    environ: dict[str, str], text: str
) -> None:
    with pytest.raises(SettingsError, match=text) as raised:
        Keyhouse.from_env({"KEYHOUSE_URL": URL, **environ})
    assert KEY not in str(raised.value)


def test_without_the_extra_it_is_named() -> None:
    """What the light package lacks must not read as a traceback."""
    code = (
        "import sys; sys.modules['httpx'] = None\n"
        "from keyhouse import Keyhouse\n"
        f"Keyhouse.from_env({{'KEYHOUSE_URL': {URL!r}, 'KEYHOUSE_API_KEY': {KEY!r}}})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "SettingsError" in ran.stderr
    assert "pip install 'keyhouse[remote]'" in ran.stderr
    assert KEY not in ran.stderr.replace(code, "")


async def test_the_key_is_in_no_repr() -> None:
    kh = Keyhouse.from_env({"KEYHOUSE_URL": URL, "KEYHOUSE_API_KEY": KEY})
    async with kh.running():
        assert KEY not in repr(kh) + repr(vars(kh)) + repr(kh.plane) + repr(vars(kh.plane))
        decision = await kh.verify(
            "kh_sk_test_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17", api="a"
        )
    assert decision.code == "unavailable"


async def test_what_two_applications_share_is_open_until_both_have_ended() -> None:
    kh = Keyhouse.from_env({"KEYHOUSE_URL": URL, "KEYHOUSE_API_KEY": KEY})
    first, second = kh.running(), kh.running()
    await first.__aenter__()
    plane = kh.plane
    await second.__aenter__()
    await first.__aexit__(None, None, None)
    assert kh.plane is plane
    await second.__aexit__(None, None, None)
    with pytest.raises(RuntimeError, match="not running"):
        _ = kh.plane
