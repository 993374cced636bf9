"""What holders of keys ask about tokens, while the change log is late or away."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from keyhouse.adapters.system import SystemEntropy
from keyhouse.core.pending import Pending
from keyhouse.core.user_tokens import PREFIX, UserToken
from keyhouse.core.verdict import Verdict
from keyhouse.services.tokens import UserDesk
from keyhouse.services.verify import HeldKey
from tests.services.verify.world import SECRET, UNKNOWN, World, finish, result_of

Ask = Callable[[UserDesk, World], Any]


def desk_of(world: World) -> UserDesk:
    """Without signing keys and an office: what is tested here needs neither."""
    return UserDesk(
        world.verifier,
        None,
        "https://keys.example",
        SystemEntropy(),
        world.clock.now_us,
        cast("Any", None),
    )


def minter(desk: UserDesk, world: World, secret: Any = SECRET) -> Any:
    return desk.minter(world.ask(secret))


def holder(desk: UserDesk, world: World, secret: Any = SECRET) -> Any:
    return desk.holder(world.ask(secret))


def _verdict(outcome: Any) -> Any:
    if isinstance(outcome, HeldKey):
        return Verdict.VALID
    return getattr(outcome, "verdict", outcome)


@pytest.mark.parametrize("ask", [minter, holder])
def test_who_slept_while_it_read_the_log_reads_it_again(ask: Ask) -> None:
    """SIGSTOP in the middle of catching up, a revocation, SIGCONT."""
    world = World()
    desk = desk_of(world)
    assert _verdict(finish(ask(desk, world))) is Verdict.VALID
    world.clock.up_us += 300_000
    pending = ask(desk, world)
    assert isinstance(pending, Pending)
    read = pending.work()
    world.store.change("key", "key_1", revoked_at=1)
    world.clock.up_us += 3_600_000_000
    assert _verdict(finish(pending.resume(read))) is Verdict.REVOKED


def test_while_the_database_is_gone_nobody_waits_for_it() -> None:
    """Minting, revoking and introspecting are refused at once where they need it."""
    world = World()
    desk = desk_of(world)
    assert _verdict(finish(minter(desk, world))) is Verdict.VALID
    token = PREFIX + b"x" * 20
    ends_us = world.clock.wall_us + 1_000_000
    user = UserToken(
        "tok", "u", "", "app_1", "weather", "key_2", "sec_2", 0, ends_us, frozenset()
    )
    world.cache.keep_token(world.verifier.fingerprint(token), user)
    world.store.gone = True
    world.clock.up_us += 1_000_000
    lost = world.verifier.verify(world.ask())
    assert isinstance(lost, Pending)
    lost.resume(result_of(lost))
    for outcome in (
        desk.minter(world.ask(UNKNOWN)),
        desk.holder(world.ask(UNKNOWN)),
        desk.known(token),
    ):
        assert _verdict(outcome) is Verdict.UNAVAILABLE
