"""Reading the audit."""

from keyhouse.core.entities import AuditRow
from keyhouse.ports import Page
from keyhouse.services.work import Look, Turn

READ = "audit:read"


def list_audit(
    look: Look,
    turn: Turn,
    *,
    subject: str | None = None,
    actor: str | None = None,
    action: str | None = None,
) -> Page:
    """Audit rows of the organization, the newest first.

    They tell of everything in it, so the scope must be held for all of it.
    """
    look.actor.whole(READ)
    named = {"subject": subject, "actor": actor, "action": action}
    equals = {name: value for name, value in named.items() if value is not None}
    organization = look.actor.organization_id
    return look.page(AuditRow, turn, {"organization_id": organization, **equals})
