"""Attempts with keys that are not known: how many, from where, and whether that is much."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from keyhouse.core.observations import OTHER, STRANGE, VALUES_A_DAY, Dimension
from keyhouse.core.validation import Problem
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Observed, Tally
from keyhouse.services.refusals import Invalid
from keyhouse.services.reports.queries import READ_USAGE, within
from keyhouse.services.reports.times import (
    DAY_US,
    HOUR_US,
    SECOND_US,
    even_tallies,
    step_starts,
)
from keyhouse.services.work import Look

DAYS_MAX: Final = 92
"""As long as one report may be."""

USUAL_DAYS: Final = 7
SPIKE_LEAST: Final = 100
"""In a day; what a few programs with an old key come to is nobody's attack."""

SPIKE_TIMES: Final = 3
"""As many as on a usual day."""

NETWORKS_SHOWN: Final = 5
_OF_NO_KEY: Final = {"key": "", "verdict": tuple(verdict.code for verdict in STRANGE)}


class UnknownKeysWish(NamedTuple):
    """Which days are wanted, whole ones, UTC. Without times, those that the last

    24 hours touch.
    """

    since_us: int | None
    until_us: int | None
    equals: Mapping[str, str]


def unknown_keys(look: Look, wish: UnknownKeysWish) -> list[Observed]:
    """Where keys were tried that are not known: networks of an API by verdict, the

    most first. For each API and verdict `VALUES_A_DAY` networks are named; the
    rest is told as `other`, so that all together is what was counted.
    """
    equals = within(look, READ_USAGE, wish.equals)
    until = look.now_us + 1 if wish.until_us is None else wish.until_us
    since = until - DAY_US if wish.since_us is None else wish.since_us
    _check_span(since, until)
    rows = look.reports.observed(
        look.actor.organization_id,
        Dimension.NETWORK,
        since_us=since,
        until_us=until,
        equals={**equals, **_OF_NO_KEY},
    )
    return _topmost(rows)


class Network(NamedTuple):
    """One network, whatever became of what it tried."""

    network: str
    requests: int
    first_us: int
    last_us: int


class HourOfStrangers(NamedTuple):
    """One hour: all attempts of it."""

    start_us: int
    requests: int


class Strangers(NamedTuple):
    """A project's unknown keys of the last 24 hours, in both environments: a key

    that is not known belongs to none. `unlooked` are those among `requests` that
    were turned away without a look-up, `usual` is how many were looked up in vain
    on a day of the week before. `networks` are the busiest, with all that they
    tried on the days that these hours touch; `others` is the count of the rest.
    """

    requests: int
    unlooked: int
    usual: int
    hours: tuple[HourOfStrangers, ...]
    networks: tuple[Network, ...]
    others: int

    @property
    def is_spike(self) -> bool:
        """Whether that is much more than usual. What was not looked up does not

        count: while a database is away, that is everybody.
        """
        wrong = self.requests - self.unlooked
        return wrong >= max(SPIKE_LEAST, SPIKE_TIMES * self.usual)


def strangers(look: Look, api_ids: Sequence[str]) -> Strangers:
    """What was tried at these APIs."""
    now_us = look.now_us
    day = _tallies(look, api_ids, now_us - DAY_US, now_us + SECOND_US, 2 * 86_400)
    week = _tallies(
        look, api_ids, now_us - (1 + USUAL_DAYS) * DAY_US, now_us - DAY_US, 86_400
    )
    starts = step_starts(now_us, HOUR_US, 24)
    hourly = _tallies(look, api_ids, starts[0], starts.stop, 3600)
    named, others = _networks(look, api_ids)
    return Strangers(
        requests=sum(row.requests for row in day),
        unlooked=sum(row.requests for row in day if not _was_looked_up(row)),
        usual=sum(row.requests for row in week if _was_looked_up(row)) // USUAL_DAYS,
        hours=tuple(
            HourOfStrangers(
                start, sum(row.requests for row in hourly if row.start_us == start)
            )
            for start in starts
        ),
        networks=tuple(named[:NETWORKS_SHOWN]),
        others=others + sum(one.requests for one in named[NETWORKS_SHOWN:]),
    )


def _tallies(
    look: Look, api_ids: Sequence[str], since_us: int, until_us: int, step_seconds: int
) -> list[Tally]:
    among = {"api": api_ids, **_OF_NO_KEY}
    return even_tallies(look, since_us, until_us, step_seconds, (), among)


def _networks(look: Look, api_ids: Sequence[str]) -> tuple[list[Network], int]:
    """The networks, the busiest first, and how much has none of its own."""
    if not api_ids:
        return [], 0
    rows = look.reports.observed(
        look.actor.organization_id,
        Dimension.NETWORK,
        since_us=look.now_us - DAY_US,
        until_us=look.now_us + 1,
        equals={"api": api_ids, **_OF_NO_KEY},
    )
    found: dict[str, Network] = {}
    for row in rows:
        of = found.get(row.value) or Network(row.value, 0, row.first_us, row.last_us)
        found[row.value] = Network(
            row.value,
            of.requests + row.requests,
            min(of.first_us, row.first_us),
            max(of.last_us, row.last_us),
        )
    other = found.pop(OTHER, None)
    named = sorted(found.values(), key=lambda one: (-one.requests, one.network))
    return named, other.requests if other else 0


def _was_looked_up(row: Tally) -> bool:
    return row.verdict != Verdict.UNAVAILABLE.code


def _topmost(rows: Iterable[Observed]) -> list[Observed]:
    """Of each API and verdict the busiest; the others in one row."""
    named: dict[tuple[str, str], list[Observed]] = {}
    others: dict[tuple[str, str], list[Observed]] = {}
    for row in rows:
        group = (row.api_id, row.verdict)
        places = named.setdefault(group, [])
        if row.value != OTHER and len(places) < VALUES_A_DAY:
            places.append(row)
        else:
            others.setdefault(group, []).append(row)
    told = [row for places in named.values() for row in places]
    told += [_as_other(rest) for rest in others.values()]
    return sorted(told, key=lambda row: -row.requests)


def _as_other(rows: Sequence[Observed]) -> Observed:
    return rows[0]._replace(
        value=OTHER,
        requests=sum(row.requests for row in rows),
        first_us=min(row.first_us for row in rows),
        last_us=max(row.last_us for row in rows),
    )


def _check_span(since: int, until: int) -> None:
    if since >= until:
        raise Invalid([Problem("until", "is not after since", "choose a later time")])
    if until - since > DAYS_MAX * DAY_US:
        mend = f"ask for at most {DAYS_MAX} days"
        raise Invalid([Problem("since", "is too long ago", mend)])
