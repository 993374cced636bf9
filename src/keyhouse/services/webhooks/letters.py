"""The mails about endpoints."""

from keyhouse.core.entities import DisabledBecause, Webhook
from keyhouse.core.webhooks import told_url
from keyhouse.ports import Mail

_REASONS = {
    DisabledBecause.FAILING: "nothing has got through to it for five days",
    DisabledBecause.GONE: "it answered 410 Gone, and so asks to be sent nothing more",
    DisabledBecause.SWITCHED_OFF: "somebody switched it off",
}


def disabled_letter(email: str, webhook: Webhook, because: DisabledBecause) -> Mail:
    """To an owner whose endpoint is sent nothing more."""
    return Mail(
        email,
        "A webhook was disabled",
        f"The webhook {webhook.name} ({webhook.id}, {told_url(webhook.url)}) is sent "
        f"nothing more: {_REASONS[because]}.\n\nOnce it is well again, enable it:\n\n"
        f"keyhouse webhooks update {webhook.id} --enable\n\nand have sent again what it "
        f"missed:\n\nkeyhouse webhooks deliveries {webhook.id} --state failed\n",
    )
