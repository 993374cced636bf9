"""Finding a key by a whole secret."""

from keyhouse.core import secret as secrets
from keyhouse.core.entities import Project, SecretRow
from keyhouse.core.imported import admits, candidates
from keyhouse.services.work import Look, Work


def is_secret(text: str) -> bool:
    """Whether a text has the shape of a whole secret, be it mistyped."""
    return secrets.looks_like_ours(text.encode("utf-8", "replace"))


def holds_secret(text: str) -> bool:
    """Whether there is a secret anywhere in a text: then it is for no log."""
    return secrets.holds_ours(text.encode("utf-8", "replace"))


def secret_row(at: Look | Work, text: str) -> SecretRow | None:
    """What is kept of a whole secret, under whichever pepper."""
    raw = text.encode("utf-8", "replace")
    if not secrets.is_well_formed(raw):
        return _imported_row(at, raw)
    for pepper in at.keyring.peppers:
        found = at.tx.find(
            SecretRow,
            namespace="",
            algorithm=secrets.ALGORITHM,
            pepper_id=pepper.id,
            digest=secrets.digest(raw, pepper.key),
        )
        if found:
            return found[0]
    return None


def _imported_row(at: Look | Work, raw: bytes) -> SecretRow | None:
    """What is kept of a string of another system, in any project that has some."""
    peppers = [(pepper.id, pepper.key) for pepper in at.keyring.peppers]
    for project in at.tx.find(Project, organization_id=at.actor.organization_id):
        if project.imported is None or not admits(project.imported, raw):
            continue
        for kept in candidates(raw, project.imported.algorithms, peppers):
            found = at.tx.find(SecretRow, namespace=project.id, **kept._asdict())
            if found:
                return found[0]
    return None
