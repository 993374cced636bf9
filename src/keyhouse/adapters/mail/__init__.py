"""Mails: to a server, or into a folder where there is none."""

from keyhouse.adapters.mail.folder import KeptMail, MailFolder
from keyhouse.adapters.mail.outbox import Outbox
from keyhouse.adapters.mail.smtp import SmtpServer

__all__ = ["KeptMail", "MailFolder", "Outbox", "SmtpServer"]
