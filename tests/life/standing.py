"""What every machine of this folder stands on: a town, a node, and the comparison."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from keyhouse.adapters.database import Database
from keyhouse.core.entities import Environment, Resource
from keyhouse.services import issue
from keyhouse.services.issue import AccessWish, Created, KeyWish
from keyhouse.services.work import Office, Work
from tests.life.facts import KeyFacts, SecretFacts, TokenFacts
from tests.life.town import Node, Town
from tests.servers.acme import Acme

T = TypeVar("T")
SECOND_US = 1_000_000
WHICH = st.integers(0, 12)
"""One of a list, whatever its length: the remainder counts."""
SECONDS = st.sampled_from([1, 60, 1800, 3600, 86_400, 16 * 86_400, 31 * 86_400])


def some_of(names: tuple[str, ...], which: int) -> set[str]:
    """One of two, or both."""
    return {name for place, name in enumerate(names) if which % 3 != place}


class Standing(RuleBasedStateMachine):
    """Rules are in the classes made from this one."""

    office: ClassVar[Office]
    database: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        self.town = Town(self.office, self.database)
        self.facts = self.town.facts
        self.node = Node(self.town)
        # In the order in which they were made, the same each time: ids are random.
        around = [
            place for home in self.facts.homes.items() for place in (home[0], *home[1])
        ]
        self.places = list(dict.fromkeys(around))

    def teardown(self) -> None:
        """A node that remembers nothing says the same at the end."""
        self.node.close()
        self.node = Node(self.town)
        try:
            self.all_is_as_it_follows()
        finally:
            self.node.close()

    # -- what all rules are made of ---------------------------------------------

    def side_of(self, application: str) -> Acme:
        """Who acts for an application."""
        return self.town.sides[self.facts.organization(application)]

    def owner(self, key: KeyFacts) -> Acme:
        """Who acts for a key."""
        return self.side_of(key.application)

    def attempt(self, side: Acme, act: Callable[[Work], T], *, may: bool) -> T | None:
        """Have a side do something, which is refused exactly if it may not."""
        done = self.town.try_to(side, lambda work: (act(work),))
        assert (done is not None) == may, "done" if done else "refused"
        return None if done is None else done[0]

    def new_secret(self, made: Created, version: int) -> SecretFacts:
        """The facts of a secret that was just handed out."""
        secret = made.issued.secret
        text = secret.reveal().encode()
        rows = self.owner_of(made).read(
            lambda look: issue.list_secrets(look, made.view.key.id)
        )
        (id,) = (one.secret.id for one in rows if one.secret.version == version)
        return SecretFacts(id, text, version, self.facts.now)

    def owner_of(self, made: Created) -> Acme:
        """Who acts for a key that was just made."""
        return self.town.sides[made.view.key.organization_id]

    def create_key(self, application: str, opens: set[str], **more: Any) -> None:
        """A key of an application."""
        home = self.facts.homes[application]
        wish = KeyWish(
            name="k",
            access=self.wishes(opens),
            environment=Environment.LIVE,
            project=home[0],
            application=application,
            **more,
        )
        may = all(self.facts.may_name(application, api) for api in opens)
        made = self.attempt(
            self.side_of(application), lambda work: issue.create_key(work, wish), may=may
        )
        if made is not None:
            times = (more.get("starts_at"), more.get("ends_at"))
            first = self.new_secret(made, 1)
            id = made.view.key.id
            self.facts.keys.append(KeyFacts(id, application, opens, [first], *times))

    @staticmethod
    def wishes(opens: set[str]) -> tuple[AccessWish, ...]:
        """The access that names these APIs."""
        return tuple(AccessWish(Resource.API, api, ()) for api in sorted(opens))

    # -- time, other nodes, and what all calls come to ----------------------------

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: int) -> None:
        self.town.go_on(seconds)

    @rule()
    def another_node_takes_over(self) -> None:
        self.node.close()
        self.node = Node(self.town)

    @rule(which=WHICH, off=st.booleans())
    def switch(self, which: int, off: bool) -> None:
        id = self.places[which % len(self.places)]
        self.town.switch(id, off=off)
        (self.facts.off.add if off else self.facts.off.discard)(id)

    @precondition(lambda self: bool(self.facts.off))
    @rule()
    def switch_all_on(self) -> None:
        for id in self.facts.off:
            self.town.switch(id, off=False)
        self.facts.off.clear()

    @invariant()
    def all_is_as_it_follows(self) -> None:
        for key in self.facts.keys:
            for secret in key.secrets:
                for api, slug in self.town.slugs.items():
                    follows = self.facts.code_of_secret(key, secret, api)
                    told = self.node.code(secret.text, slug)
                    assert told == follows, f"secret: {told}, and not {follows}"
        for token in self.facts.tokens:
            self._check_token(token)

    def _check_token(self, token: TokenFacts) -> None:
        """At its API, and at the other one, where it opens nothing."""
        follows = {self.facts.code_of_token(token)}
        if self.facts.now >= token.ends:
            # A node that does not know it says so before it looks at the key.
            follows.add("expired")
        told = self.node.code(token.text, self.town.slugs[token.api])
        assert told in follows, f"token: {told}, and not {follows}"
        (other,) = set(self.town.apis) - {token.api}
        assert self.node.code(token.text, self.town.slugs[other]) != "valid"
