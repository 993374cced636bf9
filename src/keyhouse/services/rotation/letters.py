"""The mail about what is due."""

from collections.abc import Sequence

from keyhouse.core.entities import ReminderKind
from keyhouse.core.moments import format_time
from keyhouse.core.rotation import DAY_US
from keyhouse.ports import Mail
from keyhouse.services.rotation.due import Dated


def due_letter(
    email: str,
    organization: str,
    lines: Sequence[Dated],
    more: int,
    public_url: str,
    now_us: int,
) -> Mail:
    """To somebody who answers for the keys of an organization."""
    count = len(lines) + more
    subject = f"{organization}: {count} keys need you soon"
    if count == 1:
        subject = f"{organization}: a key needs you soon"
    told = "\n".join(_line(one, now_us) for one in lines)
    rest = f"\nand {more} more.\n" if more else ""
    return Mail(
        email,
        subject,
        f"These keys of {organization} are to get a new secret, or end:\n\n{told}\n{rest}\n"
        "Give a key a new secret in good time, and its callers go on undisturbed:\n"
        f"{public_url}\n\nKeyhouse never hands out a secret by itself: a key whose "
        "secret is due works on, and one that ends is refused.\n",
    )


def _line(one: Dated, now_us: int) -> str:
    what = "new secret due" if one.kind is ReminderKind.ROTATION else "ends"
    days = -(-(one.due_at - now_us) // DAY_US)
    when = "today" if days <= 0 else "in 1 day" if days == 1 else f"in {days} days"
    if one.due_at + DAY_US <= now_us:
        when = "overdue"
    date = format_time(one.due_at)[:10]
    return f"- {one.key.name} ({one.hint}): {what} {date}, {when}"
