"""What changed since yesterday and what a key needs, as short sentences."""

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
    if one.need is Need.ENDING:
        return f"ends {words.ago(one.at_us, now_us)}"
    if one.need is Need.QUOTA:
        share = 100 * (one.used or 0) // max(one.amount or 1, 1)
        reset = f", back {words.ago(one.at_us, now_us)}" if one.at_us else ""
        return f"{share}% of {one.limit} is used{reset}"
    if one.need is Need.UNRESTRICTED:
        return "can be used from anywhere, without any limit of place"
    if one.at_us is None:
        return "was never used"
    return f"was last used {words.ago(one.at_us, now_us)}"


def mend(one: KeyNeed) -> str:
    """What to do about it, as a button says it."""
    return _MENDS[one.need]


_MENDS = {
    Need.ENDING: "Extend or replace",
    Need.QUOTA: "See its limits",
    Need.UNRESTRICTED: "Restrict",
    Need.UNUSED: "Revoke, if nobody needs it",
}
