"""A mail as it goes over the wire."""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr

from keyhouse.ports import Mail


def message(mail: Mail, sender: str) -> EmailMessage:
    """The mail with its headers. Raises ValueError for text that no header takes."""
    local, _, domain = mail.to.rpartition("@")
    made = EmailMessage(policy=SMTP)
    made["From"] = sender
    made["To"] = Address(username=local, domain=domain)
    made["Subject"] = mail.subject
    made["Date"] = format_datetime(datetime.now(UTC))
    made["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2])
    # Nobody's holiday notice comes back (RFC 3834).
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(mail.text)
    return made
