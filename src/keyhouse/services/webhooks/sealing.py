"""The secrets that sign: made once, shown once, kept sealed."""

from keyhouse.core.entities import Webhook
from keyhouse.core.validation import Problem
from keyhouse.core.webhooks import SECRET_BYTES, sealing_context
from keyhouse.ports import Sealed, Sealer
from keyhouse.services.refusals import Invalid
from keyhouse.services.work import Work


def new_secret(work: Work, webhook_id: str) -> tuple[bytes, Sealed]:
    """A fresh secret of an endpoint, and the same sealed.

    Raises Invalid where the keyring has no key to seal with.
    """
    sealer = work.sealer
    if sealer is None or not sealer.can_seal:
        mend = "give the keyring a sealing key: `keyhouse keyring new-sealing-key`"
        raise Invalid([Problem("secret", "cannot be sealed", mend)])
    raw = work.entropy.take(SECRET_BYTES)
    return raw, sealer.seal(raw, sealing_context(webhook_id))


def signing_secrets(sealer: Sealer, webhook: Webhook, now_us: int) -> list[bytes]:
    """The secrets that sign now, the newest first; none where they do not open."""
    sealed = [Sealed(webhook.sealing_key_id, webhook.sealed)]
    if webhook.old_ends_at is not None and now_us < webhook.old_ends_at:
        old = Sealed(webhook.old_sealing_key_id or "", webhook.old_sealed or b"")
        sealed.append(old)
    context = sealing_context(webhook.id)
    opened = (sealer.unseal(one, context) for one in sealed)
    return [secret for secret in opened if secret is not None]
