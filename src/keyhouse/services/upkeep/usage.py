"""How long usage is kept, by how finely it tells."""

from collections.abc import Iterator
from typing import NamedTuple

from keyhouse.core.grains import Grain

YEAR_DAYS = 365.25


class UsageRetention(NamedTuple):
    """For how long rows of each grain are kept; months for ever where it is 0 years.

    `observed_days` is for networks, users and alerts, which are of a day each.
    """

    minute_hours: int = 72
    quarter_hour_days: int = 45
    days: int = 730
    month_years: int = 0
    observed_days: int = 400

    def by_grain(self) -> Iterator[tuple[Grain, float]]:
        """What is deleted at all, and after how many days.

        What tells more finely goes no later than what tells less.
        """
        if self.month_years:
            yield Grain.MONTH, self.month_years * YEAR_DAYS
        yield Grain.DAY, self.days
        quarters = min(self.quarter_hour_days, self.days)
        yield Grain.QUARTER_HOUR, quarters
        yield Grain.MINUTE, min(self.minute_hours / 24, quarters)
