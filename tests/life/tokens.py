"""Rules about users' tokens."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from keyhouse.core.user_tokens import SECONDS_USUAL
from keyhouse.services.tokens import RevokeWish, revoke_tokens
from tests.life.facts import KeyFacts, SecretFacts, TokenFacts
from tests.life.standing import SECOND_US, WHICH, Standing

TOKENS_MAX = 6


class TokenRules(Standing):
    """Tokens are minted with keys, and revoked by all that can be named."""

    def token(self, which: int) -> TokenFacts:
        """One of the tokens."""
        return self.facts.tokens[which % len(self.facts.tokens)]

    def _ways(self) -> list[tuple[KeyFacts, SecretFacts, str]]:
        """Each secret with each API."""
        return [
            (key, secret, api)
            for key in self.facts.keys
            for secret in key.secrets
            for api in self.town.apis
        ]

    @precondition(lambda self: bool(self.facts.keys))
    @precondition(lambda self: len(self.facts.tokens) < TOKENS_MAX)
    @rule(
        which=WHICH,
        blindly=st.integers(0, 4).map(lambda one: one == 4),
        user=st.sampled_from(["ann", "bob"]),
        session=st.sampled_from(["", "s1", "s2"]),
    )
    def mint(self, which: int, blindly: bool, user: str, session: str) -> None:
        ways = self._ways()
        good = [one for one in ways if self.facts.code_of_secret(*one) == "valid"]
        chosen = ways if blindly or not good else good
        key, secret, wanted = chosen[which % len(chosen)]
        may = (key, secret, wanted) in good
        made = self.node.mint(secret.text, self.town.slugs[wanted], user, session)
        assert (made is not None) == may, "minted" if made else "not minted"
        if made is None:
            return
        now = self.facts.now
        ends = min(now + SECONDS_USUAL * SECOND_US, key.ends or now * 2)
        self.facts.tokens.append(
            TokenFacts(
                made.id,
                made.text.encode(),
                user,
                session,
                key.application,
                wanted,
                key,
                secret,
                now,
                ends,
            )
        )

    @precondition(lambda self: bool(self.facts.tokens))
    @rule(which=WHICH, as_text=st.booleans())
    def revoke_one(self, which: int, as_text: bool) -> None:
        token = self.token(which)
        named = token.text.decode() if as_text else token.id
        self._revoke("token", token.id, RevokeWish(token.application, token=named))

    @precondition(lambda self: bool(self.facts.tokens))
    @rule(which=WHICH)
    def revoke_a_user(self, which: int) -> None:
        token = self.token(which)
        self._revoke("user", token.user, RevokeWish(token.application, user=token.user))

    @precondition(lambda self: any(one.session for one in self.facts.tokens))
    @rule(which=WHICH)
    def revoke_a_session(self, which: int) -> None:
        token = self.token(which)
        if token.session:
            wish = RevokeWish(token.application, session=token.session)
            self._revoke("session", token.session, wish)

    @precondition(lambda self: bool(self.facts.tokens))
    @rule(which=WHICH)
    def revoke_those_of_a_key(self, which: int) -> None:
        token = self.token(which)
        may = token.key.application == token.application
        wish = RevokeWish(token.application, key=token.key.id)
        self._revoke("key", token.key.id, wish, may=may)

    @precondition(lambda self: bool(self.facts.tokens))
    @rule(which=WHICH)
    def revoke_those_of_an_application(self, which: int) -> None:
        token = self.token(which)
        wish = RevokeWish(token.application, all=True)
        self._revoke("application", token.application, wish)

    def _revoke(self, kind: str, value: str, wish: RevokeWish, *, may: bool = True) -> None:
        """Have an application revoke all tokens of its own that are so named."""
        side = self.side_of(wish.application)
        self.attempt(side, lambda work: revoke_tokens(work, wish), may=may)
        if may:
            self.facts.revoked[wish.application, kind, value] = self.facts.now
