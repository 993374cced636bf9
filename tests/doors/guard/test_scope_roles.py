"""A role that is narrowed is narrow with the next call, on a real database."""

import asyncio

from keyhouse import Keyhouse
from keyhouse.core.decision import Decision
from keyhouse.core.entities import Access, Api
from keyhouse.services.plane import DataPlane
from tests.doors.guard.installation import Installation

Roles = dict[str, tuple[str, ...]]
WIDE: Roles = {"reader": ("forecast:read", "alerts:*")}


def change(installation: Installation, roles: Roles) -> int:
    """The number of the change."""
    with installation.database.rows.writing() as tx:
        row = tx.get(Api, installation.api_id)
        assert row is not None
        tx.update(row, roles=roles)
    assert tx.seq is not None
    return tx.seq


async def heard(kh: Keyhouse, seq: int) -> None:
    """Until the change log is followed up to there; a gateway waits no longer itself."""
    plane = kh.plane
    assert isinstance(plane, DataPlane)
    async with asyncio.timeout(5):
        while plane.verifier.applied < seq:  # noqa: ASYNC110 - nothing tells but the number
            await asyncio.sleep(0.001)


async def test_what_a_role_holds_is_in_force_for_all_its_keys_at_once(
    installation: Installation,
) -> None:
    change(installation, WIDE)
    keys = [installation.add_key() for _ in range(2)]
    with installation.database.rows.writing() as tx:
        for row in tx.find(Access):
            tx.update(row, roles=("reader",))

    async def ask(*scopes: str) -> list[Decision]:
        return [await kh.verify(key, api="weather", scopes=scopes) for key in keys]

    kh = Keyhouse.from_env(installation.environ)
    async with kh.running():
        for decision in await ask("forecast:read", "alerts:read|alerts:write"):
            assert decision.code == "valid"
            assert decision.scopes == {"forecast:read", "alerts:*"}
        await heard(kh, change(installation, {"reader": ("forecast:read",)}))
        for decision in await ask("forecast:read", "alerts:read|alerts:write"):
            assert decision.code == "scope_missing"
            assert decision.scopes_missing == ("alerts:read|alerts:write",)
        assert {one.code for one in await ask("forecast:read")} == {"valid"}
        await heard(kh, change(installation, {}))
        assert {one.code for one in await ask("forecast:read")} == {"scope_missing"}
        await heard(kh, change(installation, WIDE))
        assert {one.code for one in await ask("alerts:*")} == {"valid"}
