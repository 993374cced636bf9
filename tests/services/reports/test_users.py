"""Which users call most: the busiest by name, and never less than was counted."""

from keyhouse.core.observations import OTHER, Dimension, ObservationGroup, Seen
from keyhouse.core.usage import UsageBatch
from keyhouse.core.verdict import Verdict
from keyhouse.services import reports
from keyhouse.services.reports import UsersWish
from keyhouse.services.reports.times import DAY_US
from keyhouse.services.reports.users import USERS_MAX
from tests.servers.acme import Acme


def test_users_beyond_those_that_are_told_are_in_the_rest(acme: Acme) -> None:
    """Of many keys with many users, and with what found no place when it was booked."""
    own, api, now_us = acme.organization, acme.api(), acme.clock.now_us()
    acme.database.sink.open_spool("spl_users", "nod_users", "boot")
    batch, keys, users = UsageBatch("spl_users", 0, 1), 6, 100
    for key in range(keys):
        group = ObservationGroup(
            now_us // DAY_US,
            *(own, own, api, f"key_{key}"),
            Verdict.VALID.number,
            Dimension.USER,
        )
        batch.observations[group] = {OTHER: Seen(3, now_us, now_us)} | {
            f"app_1/{key}-{user}": Seen(1 + user, now_us, now_us) for user in range(users)
        }
    assert acme.database.sink.book(batch)
    rows = acme.read(lambda look: reports.report_users(look, UsersWish(None, None, {})))
    counted = keys * (3 + sum(range(1, users + 1)))
    assert sum(row.seen.requests for row in rows) == counted
    (rest,) = (row for row in rows if row.user is None)
    assert len(rows) == USERS_MAX + 1
    assert min(row.seen.requests for row in rows if row is not rest) == 17
