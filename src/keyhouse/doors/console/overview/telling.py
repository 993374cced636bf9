"""What changed since yesterday and what a key needs, as short sentences."""

from typing import Final, NamedTuple

from keyhouse.core.entities import Alert, AlertKind
from keyhouse.doors.console import words
from keyhouse.services.reports import KeyNeed, Need


def change(now: int, before: int) -> str:
    """`12% more than the day before`, and the like."""
    if now == before:
        return "as the day before" if now else "none the day before either"
    if not before:
        return "none the day before"
    if now > 2 * before:
        return f"{words.count(before)} the day before"
    share = round(100 * abs(now - before) / before)
    if not share:
        return "about as the day before"
    return f"{share}% {'more' if now > before else 'less'} than the day before"


def need(one: KeyNeed, now_us: int) -> str:
    """Why a key needs a hand: `ends in 3 days`."""
    if one.alert is not None:
        return f"{seen(one.alert)}, last {words.ago(one.alert.last_at, now_us)}"
    if one.need is Need.ENDING:
        return f"ends {words.ago(one.at_us, now_us)}"
    if one.need is Need.ROTATION:
        over = one.at_us is not None and one.at_us <= now_us
        verb = "was to get a new secret" if over else "is to get a new secret"
        return f"{verb} {words.ago(one.at_us, now_us)}"
    if one.need is Need.QUOTA:
        share = 100 * (one.used or 0) // max(one.amount or 1, 1)
        reset = f", which starts anew {words.ago(one.at_us, now_us)}" if one.at_us else ""
        return f"has used {share}% of {one.limit}{reset}"
    if one.need is Need.UNRESTRICTED:
        return "can be used from anywhere"
    if one.at_us is None:
        return "was never used"
    return f"was last used {words.ago(one.at_us, now_us)}"


def seen(alert: Alert) -> str:
    """What was noticed: `was sent by a browser 3 times from https://a.example`."""
    if alert.kind is AlertKind.UNFAMILIAR_NETWORK:
        more = f" and {words.plural(alert.count - 1, 'other')}" if alert.count > 1 else ""
        return f"was used from a network that it is not known by, {alert.sample}{more}"
    if alert.kind is AlertKind.USAGE_SPIKE:
        return f"was used far more than usual: {alert.sample}"
    times = "" if alert.count == 1 else f" {words.count(alert.count)} times"
    where = f" from {alert.sample}" if alert.sample else ""
    return f"{_SEEN[alert.kind]}{times}{where}"


class Mend(NamedTuple):
    """What to do about it: the words of a link, and where it leads below the key."""

    words: str
    path: tuple[str, ...]


def mend(one: KeyNeed) -> Mend:
    """What may be done about what a key needs."""
    return _MENDS[one.need]


_SEEN: Final = {
    AlertKind.SERVER_KEY_IN_BROWSER: "was sent by a browser",
    AlertKind.SECRET_OVER_PLAIN_HTTP: "came over plain HTTP",
}
_MENDS: Final = {
    Need.EXPOSED: Mend("Replace", ("replace",)),
    Need.ELSEWHERE: Mend("Restrict", ("change", "restrictions")),
    Need.UNUSUAL: Mend("Change limits", ("change", "limits")),
    Need.ENDING: Mend("Move its end", ("change", "expiry")),
    Need.ROTATION: Mend("Replace", ("replace",)),
    Need.QUOTA: Mend("Change limits", ("change", "limits")),
    Need.UNRESTRICTED: Mend("Restrict", ("change", "restrictions")),
    Need.UNUSED: Mend("Revoke", ("revoke",)),
}
