"""Two organizations, what one sells to the other, and planes that decide on calls."""

from functools import partial
from typing import Any

from keyhouse.adapters.memory import MemoryRateCounter
from keyhouse.core.addresses import UNKNOWN
from keyhouse.core.decision import Decision
from keyhouse.core.entities import (
    Application,
    Applies,
    Environment,
    LimitKind,
    PlanLimit,
    Resource,
    Subscription,
    SubscriptionState,
    Visibility,
    Window,
)
from keyhouse.core.request import Request
from keyhouse.services import issue, plans
from keyhouse.services.alerts.alarms import Alarms
from keyhouse.services.budgets import LeaseBook
from keyhouse.services.catalog import create_application
from keyhouse.services.issue import AccessWish, Created, KeyWish
from keyhouse.services.plans import OpeningWish, PlanView
from keyhouse.services.verify import Loading, MissBudget, Patience, RecordCache, Verifier
from tests.servers.acme import Acme
from tests.servers.control import KEYRING
from tests.services.verify.world import finish

SCOPES = ("forecast:read", "alerts:read")


def quota(amount: int, name: str = "monthly", **more: Any) -> PlanLimit:
    """A quota of a month."""
    more.setdefault("window", Window.MONTH)
    return PlanLimit(name=name, kind=LimitKind.QUOTA, amount=amount, **more)


def rate(amount: int, name: str = "minute", **more: Any) -> PlanLimit:
    """A rate a minute."""
    more.setdefault("period_seconds", 60)
    return PlanLimit(name=name, kind=LimitKind.RATE, amount=amount, **more)


class Plane:
    """A node of the data plane on the real database; it hears of changes when told to."""

    def __init__(self, acme: Acme, spool_id: str) -> None:
        self._database = acme.database
        self._spool_id = spool_id
        self._feed = acme.database.feed()
        self._clock = acme.clock
        acme.database.sink.open_spool(spool_id, f"nod_{spool_id}", "boot")
        self._book = LeaseBook(acme.database.ledger, spool_id)
        cache = RecordCache(100)
        cache.start(self._feed.read(1 << 62).head)
        self.verifier = Verifier(
            loading=Loading(acme.database.keys, cache, KEYRING, MissBudget(), acme.clock),
            cache=cache,
            read_changes=self._feed.read,
            rates=MemoryRateCounter(),
            book=self._book,
            clock=acme.clock,
            patience=Patience(),
            alarms=Alarms(),
        )

    def call(self, made: Created, api: str = "weather", **asked: Any) -> Decision:
        """Decide on a call, having heard of all that changed."""
        changes = self._feed.read(self.verifier.applied)
        self.verifier.apply(changes, self._clock.monotonic_us())
        secret = made.issued.secret.reveal().encode()
        request = Request(secret=secret, api=api, address=UNKNOWN, **asked)
        decision: Decision = finish(self.verifier.verify(request))
        return decision

    def code(self, made: Created, api: str = "weather", **asked: Any) -> str:
        """The verdict's code."""
        return self.call(made, api, **asked).code

    def give_back(self) -> None:
        """Return what was leased and not spent, as an idle node does."""
        self._database.ledger.give_back(self._spool_id, self._book.drain())

    def close(self) -> None:
        """Stop reading."""
        self._feed.close()


class Market:
    """`seller` has an API `weather`; `buyer` an application."""

    def __init__(self, seller: Acme, buyer: Acme) -> None:
        self.seller, self.buyer = seller, buyer
        buyer.clock = seller.clock
        buyer.office = seller.office
        self.api = seller.api(scopes=SCOPES)
        self.application = self.caller(buyer)
        self._planes: list[Plane] = []

    def caller(self, of: Acme, name: str = "Robot", project: str | None = None) -> str:
        """A new application's id."""
        made: Application = of.write(
            lambda work: create_application(work, name=name, project=project or of.project)
        )
        return made.id

    def plan(self, slug: str = "basic", api: str = "weather", **fields: Any) -> PlanView:
        """A new plan of the seller, public unless it says otherwise."""
        given = {
            "access": (OpeningWish(api, SCOPES),),
            "visibility": Visibility.PUBLIC,
            **fields,
        }
        return self.seller.write(
            lambda work: plans.create_plan(
                work,
                slug=slug,
                project=self.seller.project,
                fields=given,  # type: ignore[arg-type] # a test's
            )
        )

    def change(self, view: PlanView, applies: Any = "now", **fields: Any) -> PlanView:
        """Change a plan."""
        applied = Applies(applies)
        return self.seller.write(
            lambda work: plans.change_plan(work, view.plan.id, fields, applied)  # type: ignore[arg-type] # a test's
        )

    def subscribe(self, view: PlanView, application: str | None = None) -> Subscription:
        """Subscribe the buyer's application, or another, as the buyer."""
        wanted = application or self.application
        return self.buyer.write(
            lambda work: plans.create_subscription(
                work, plan=view.plan.id, application=wanted
            )
        )

    def sell(self, view: PlanView, application: str) -> Subscription:
        """Subscribe an application as the seller."""
        return self.seller.write(
            lambda work: plans.create_subscription(
                work, plan=view.plan.id, application=application
            )
        )

    def key(
        self,
        environment: Environment = Environment.LIVE,
        *,
        scopes: tuple[str, ...] = ("forecast:read",),
        application: str | None = None,
        of: Acme | None = None,
        api: str = "weather",
    ) -> Created:
        """A new key of the buyer for the seller's API."""
        wish = KeyWish(
            name="k",
            access=(AccessWish(Resource.API, api, scopes),),
            application=application or self.application,
            environment=environment,
        )
        return (of or self.buyer).write(lambda work: issue.create_key(work, wish))

    def key_of(self, view: PlanView) -> Created:
        """A key of the buyer, who has subscribed to a plan for it."""
        self.subscribe(view)
        return self.key()

    def end(self) -> Subscription:
        """End what the buyer's application has."""
        with self.seller.database.rows.reading() as tx:
            (live,) = tx.find(Subscription, state=SubscriptionState.ACTIVE)
        return self.buyer.write(lambda work: plans.end_subscription(work, live.id))

    def end_all(self) -> None:
        """End all that the buyer's application has."""
        with self.seller.database.rows.reading() as tx:
            live = tx.find(Subscription, state=SubscriptionState.ACTIVE)
        for id in (one.id for one in live):
            self.buyer.write(partial(plans.end_subscription, id=id))

    def plane(self) -> Plane:
        """One more node."""
        made = Plane(self.seller, f"spl_{len(self._planes)}")
        self._planes.append(made)
        return made

    def close(self) -> None:
        """End all nodes."""
        for plane in self._planes:
            plane.close()
