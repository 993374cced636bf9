"""What the control plane works with."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from keyhouse.adapters.system import SystemClock, SystemEntropy
from keyhouse.wiring.folder import keyring, open_checked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyhouse.adapters.database import Database
    from keyhouse.adapters.mail import MailFolder
    from keyhouse.ports import Mailer
    from keyhouse.services.metrics import Tally
    from keyhouse.services.people import PeopleDesk
    from keyhouse.services.work import Office
    from keyhouse.settings import Settings


def office_of(settings: Settings, database: Database) -> Office:
    """What commands and queries run in."""
    from keyhouse.adapters.sealing import AeadSealer
    from keyhouse.services.placing import Placing
    from keyhouse.services.work import Office

    zones, keys = available_timezones(), keyring(settings)
    return Office(
        rows=database.rows,
        reports=database.reports,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        keyring=keys,
        secret_prefix=settings.secrets.prefix,
        knows_zone=zones.__contains__,
        placing=Placing(
            own_hosts=settings.own_hosts,
            upstream_private=settings.upstream_private,
            upstream_private_for=frozenset(settings.gateway.upstream_private_for),
            webhook_private=settings.webhook_private,
        ),
        sealer=AeadSealer(keys),
    )


def mail_folder(settings: Settings) -> MailFolder:
    """Where mails land that no server takes."""
    from keyhouse.adapters.mail import MailFolder

    return MailFolder(settings.mail_dir, settings.mail.sender)


def mailer(settings: Settings, tally: Tally | None = None) -> Mailer:
    """What mails go out by; close it. Each try is told to the tally."""
    from keyhouse.adapters.mail import Outbox, SmtpServer
    from keyhouse.services.metrics import counted_delivery

    deliver = mail_folder(settings).deliver
    if settings.mail.url:
        deliver = SmtpServer(settings.mail.url, settings.mail.sender).deliver
    return Outbox(deliver if tally is None else counted_delivery(deliver, tally))


def people_of(settings: Settings, office: Office, outbox: Mailer) -> PeopleDesk:
    """What people log in and sign up at."""
    from keyhouse.adapters.passwords import Argon2Hasher
    from keyhouse.services.people import PeopleDesk

    return PeopleDesk(
        office=office,
        hasher=Argon2Hasher(),
        mailer=outbox,
        admits=settings.management.sign_up,
        public_url=settings.management.url,
    )


@contextmanager
def people_desk(settings: Settings) -> Iterator[PeopleDesk]:
    """The desk for a command on this machine.

    Raises SettingsError and StoreUnavailable.
    """
    with open_checked(settings) as database:
        outbox = mailer(settings)
        try:
            yield people_of(settings, office_of(settings, database), outbox)
        finally:
            outbox.close()
