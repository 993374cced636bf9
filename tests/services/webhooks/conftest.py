"""Organizations with endpoints, on both databases, and a courier to send."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from keyhouse.adapters.database import Database
from keyhouse.adapters.sealing import AeadSealer
from keyhouse.adapters.system import SystemEntropy
from keyhouse.adapters.webhook import HttpWebhookSender, tls_context
from keyhouse.core.entities import Delivery, Webhook
from keyhouse.services.actor import Actor, all_powerful
from keyhouse.services.events import tell_noticed
from keyhouse.services.jobs import Claim, Holding
from keyhouse.services.tenants import bootstrap
from keyhouse.services.webhooks import Courier, MadeWebhook, WebhookWish, create_webhook
from keyhouse.services.work import Office
from tests.console.doubles import Letters
from tests.servers.control import KEYRING
from tests.servers.receiver import Receiver

START_US = 1_760_000_000_000_000
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US


@dataclass
class SetClock:
    """A clock that stands until it is moved."""

    at_us: int = START_US

    def now_us(self) -> int:
        return self.at_us

    def monotonic_us(self) -> int:
        return self.at_us


@dataclass
class Post:
    """An organization, and the worker's rounds as a test calls for them."""

    database: Database
    clock: SetClock
    office: Office
    organization: str
    project: str
    letters: Letters = field(default_factory=Letters)
    seconds_max: float = 5.0

    @property
    def actor(self) -> Actor:
        return all_powerful("usr_1", self.organization)

    def beside(self, name: str) -> "Post":
        """Another organization of the same installation."""
        email = f"owner@{name.lower()}.example"
        made = bootstrap(self.office, email, name, "default", fresh_key=False)
        return replace(self, organization=made.organization_id, project=made.project_id)

    def webhook(self, url: str, *events: str, project: str | None = None) -> MadeWebhook:
        wish = WebhookWish(url, events or ("*",), "Accounting", project)
        return self.office.write(self.actor, lambda work: create_webhook(work, wish)).value

    def claim(self, job: str = "webhooks", holder: str = "nod_1") -> Claim:
        holding = Holding(self.database.rows, self.clock, job, holder)
        made = holding.claim(lambda: False)
        assert made is not None
        return made

    def courier(self) -> Courier:
        tls = tls_context()
        return Courier(
            office=self.office,
            queue=self.database.deliveries,
            open_sender=lambda: HttpWebhookSender(tls, self.seconds_max),
            mailer=self.letters,
        )

    def send(self) -> None:
        """A round of the courier."""
        self.courier().deliver(self.claim())

    def tell(self) -> int:
        """A round of what tells of alerts and budgets, a moment later."""
        self.clock.at_us += SECOND_US // 1000
        office = self.office
        new_id = lambda prefix: office.new_id(prefix, self.clock.at_us)  # noqa: E731
        return tell_noticed(self.claim("noticed"), self.database.rows, self.clock, new_id)

    def deliveries(self) -> list[Delivery]:
        """All, the oldest first."""
        with self.database.rows.reading() as tx:
            return tx.stretch(Delivery, after="", limit=1000)

    def endpoint(self, id: str) -> Webhook:
        with self.database.rows.reading() as tx:
            found = tx.get(Webhook, id)
        assert found is not None
        return found


@pytest.fixture
def post(database: Database) -> Post:
    clock = SetClock()
    office = Office(
        rows=database.rows,
        reports=database.reports,
        clock=clock,
        entropy=SystemEntropy(),
        keyring=KEYRING,
        secret_prefix="kh",
        knows_zone=lambda zone: zone == "UTC",
        sealer=AeadSealer(KEYRING),
    )
    made = bootstrap(office, "owner@example.com", "Acme", "default", fresh_key=False)
    return Post(database, clock, office, made.organization_id, made.project_id)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().listening() as listening:
        yield listening
