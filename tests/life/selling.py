"""Rules about plans and subscriptions."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from keyhouse.core.entities import Approval, Subscription, Visibility
from keyhouse.services import plans
from keyhouse.services.plans import OpeningWish
from keyhouse.services.work import Work
from tests.life.facts import PlanFacts, SubscriptionFacts
from tests.life.standing import WHICH, Standing, some_of
from tests.servers.acme import Acme

PLANS_MAX = 3
SUBSCRIPTIONS_MAX = 6
_SIDES = st.booleans()


class SellingRules(Standing):
    """The seller makes plans; both sides subscribe, and end what they have."""

    def plan(self, which: int) -> PlanFacts:
        """One of the plans."""
        return self.facts.plans[which % len(self.facts.plans)]

    def subscription(self, which: int) -> SubscriptionFacts:
        """One of the subscriptions."""
        return self.facts.subscriptions[which % len(self.facts.subscriptions)]

    @initialize(which=WHICH, application=WHICH)
    def begin_with_a_subscriber(self, which: int, application: int) -> None:
        self.make_a_plan(which=which, public=True, manual=False)
        buys = self.town.applications[2 + application % 2]
        self._subscribe(self.plan(0), buys, by_seller=False)
        self.create_key(buys, set(self.plan(0).opens))

    @precondition(lambda self: len(self.facts.plans) < PLANS_MAX)
    @rule(which=WHICH, public=st.booleans(), manual=st.booleans())
    def make_a_plan(self, which: int, public: bool, manual: bool) -> None:
        opens = some_of(self.town.apis, which)
        fields: Any = {
            "access": self._openings(opens),
            "visibility": Visibility.PUBLIC if public else Visibility.PRIVATE,
            "approval": Approval.MANUAL if manual else Approval.AUTOMATIC,
        }
        seller, slug = self.town.seller, f"plan-{len(self.facts.plans)}"
        made = seller.write(
            lambda work: plans.create_plan(
                work, slug=slug, project=seller.project, fields=fields
            )
        )
        self.facts.plans.append(PlanFacts(made.plan.id, opens, public, manual))

    @staticmethod
    def _openings(opens: set[str]) -> tuple[OpeningWish, ...]:
        return tuple(map(OpeningWish, sorted(opens)))

    @precondition(lambda self: bool(self.facts.plans))
    @rule(which=WHICH, opens=WHICH)
    def change_what_a_plan_opens(self, which: int, opens: int) -> None:
        plan, apis = self.plan(which), some_of(self.town.apis, opens)
        live = [
            one
            for one in self.facts.subscriptions
            if one.plan is plan and one.state != "ended"
        ]
        added = apis - plan.opens
        may = all(
            self.facts.can_claim(one, one.application, api) for one in live for api in added
        )
        fields: Any = {"access": self._openings(apis)}
        self.attempt(
            self.town.seller,
            lambda work: plans.change_plan(work, plan.id, fields),
            may=may,
        )
        if may:
            plan.opens = apis
            for one in live:
                self.facts.claim(one, added)

    @precondition(lambda self: bool(self.facts.plans))
    @rule(which=WHICH, retired=st.booleans())
    def retire_a_plan(self, which: int, retired: bool) -> None:
        plan, fields = self.plan(which), plans.PlanFields(retired=retired)
        self.town.seller.write(lambda work: plans.change_plan(work, plan.id, fields))
        plan.retired = retired

    @precondition(lambda self: len(self.facts.subscriptions) < SUBSCRIPTIONS_MAX)
    @precondition(lambda self: bool(self.facts.plans))
    @rule(which=WHICH, application=WHICH, by_seller=_SIDES)
    def subscribe(self, which: int, application: int, by_seller: bool) -> None:
        wanted = self.town.applications[application % 4]
        self._subscribe(self.plan(which), wanted, by_seller=by_seller)

    def _subscribe(self, plan: PlanFacts, application: str, *, by_seller: bool) -> None:
        side = self._side(by_seller=by_seller)
        own = self.side_of(application) is side
        free = all(self.facts.can_claim(None, application, api) for api in plan.opens)
        offered = by_seller or (plan.public and own)
        row = self.attempt(
            side,
            lambda work: plans.create_subscription(
                work, plan=plan.id, application=application
            ),
            may=offered and free and not plan.retired,
        )
        if row is not None:
            waits = not by_seller and self._wants_approval(None, application, plan)
            state = "pending" if waits else "active"
            made = SubscriptionFacts(row.id, plan, application, state)
            self.facts.subscriptions.append(made)
            self.facts.claim(made, plan.opens)

    def _wants_approval(
        self, one: SubscriptionFacts | None, application: str, plan: PlanFacts
    ) -> bool:
        """Whether the buyer opens nothing by the plan until the seller says so."""
        return plan.manual or self.facts.is_held_back(one, application, plan.opens)

    def _side(self, *, by_seller: bool) -> Acme:
        return self.town.seller if by_seller else self.town.buyer

    @precondition(lambda self: bool(self.facts.subscriptions))
    @rule(which=WHICH, by_seller=_SIDES)
    def approve(self, which: int, by_seller: bool) -> None:
        act, froms = plans.approve_subscription, ("pending", "active")
        self._turn(which, act, froms, "active", by_seller=by_seller)

    @precondition(lambda self: bool(self.facts.subscriptions))
    @rule(which=WHICH, by_seller=_SIDES)
    def suspend(self, which: int, by_seller: bool) -> None:
        act, froms = plans.suspend_subscription, ("active", "suspended")
        self._turn(which, act, froms, "suspended", by_seller=by_seller)

    @precondition(lambda self: bool(self.facts.subscriptions))
    @rule(which=WHICH, by_seller=_SIDES)
    def resume(self, which: int, by_seller: bool) -> None:
        act, froms = plans.resume_subscription, ("active", "suspended")
        self._turn(which, act, froms, "active", by_seller=by_seller)

    def _turn(
        self,
        which: int,
        act: Callable[[Work, str], Subscription],
        froms: tuple[str, ...],
        to: str,
        *,
        by_seller: bool,
    ) -> None:
        """Have one in another state. Only the seller can, and only from some."""
        one, side = self.subscription(which), self._side(by_seller=by_seller)
        may = by_seller and one.state in froms
        self.attempt(side, lambda work: act(work, one.id), may=may)
        if may:
            one.state = to

    @precondition(lambda self: bool(self.facts.subscriptions))
    @rule(which=WHICH, by_seller=_SIDES)
    def end_a_subscription(self, which: int, by_seller: bool) -> None:
        one, side = self.subscription(which), self._side(by_seller=by_seller)
        may = by_seller or self.side_of(one.application) is side
        self.attempt(side, lambda work: plans.end_subscription(work, one.id), may=may)
        if may:
            one.end()

    @precondition(lambda self: bool(self.facts.subscriptions))
    @rule(which=WHICH, to=WHICH, by_seller=_SIDES)
    def move(self, which: int, to: int, by_seller: bool) -> None:
        one, plan = self.subscription(which), self.plan(to)
        side = self._side(by_seller=by_seller)
        may = one.state != "ended" and self._may_move(one, plan, by_seller=by_seller)
        self.attempt(
            side,
            lambda work: plans.move_subscription(work, one.id, plan=plan.id),
            may=may,
        )
        if may and plan is not one.plan:
            one.plan = plan
            self.facts.claim(one, plan.opens)

    def _may_move(
        self, one: SubscriptionFacts, plan: PlanFacts, *, by_seller: bool
    ) -> bool:
        if not by_seller:
            own = self.side_of(one.application) is self.town.buyer
            if not own or not plan.public or plan.retired:
                return False
        if plan is one.plan:
            return True
        free = all(self.facts.can_claim(one, one.application, api) for api in plan.opens)
        waits = not by_seller and self._wants_approval(one, one.application, plan)
        return free and not plan.retired and not waits
