"""What the settings say of addresses reaches the commands that ask for it."""

from pathlib import Path

import pytest

from keyhouse import settings, wiring
from keyhouse.wiring.desks import office_of
from keyhouse.wiring.folder import open_checked


@pytest.mark.parametrize("sign_up", ["open", "closed"])
def test_where_anybody_may_sign_up_no_private_address_is_admitted(
    tmp_path: Path, sign_up: str
) -> None:
    flags = {"data.dir": str(tmp_path / "data"), "management.sign_up": sign_up}
    chosen = settings.load(flags, {})
    wiring.prepare(chosen)
    with open_checked(chosen) as database:
        placing = office_of(chosen, database).placing
    assert placing.webhook_private is (sign_up == "closed")
    assert placing.upstream_private is (sign_up == "closed")
