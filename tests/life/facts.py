"""What is known of keys, subscriptions and tokens, as plainly as it can be said.

Nothing here is a copy of the code under test: no records, no cache, no rows.
Times are µs. What a command may do and what a call comes to is read off a
handful of fields.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

DAY_US = 86_400_000_000
SECRETS_MAX = 10
LIVE = ("pending", "active", "suspended")


@dataclass(eq=False)
class Before:
    """How a rotation found a secret."""

    secret: "SecretFacts"
    ends: int | None
    waits_for: int | None
    overlap: int


@dataclass(eq=False)
class SecretFacts:
    """A string that callers send."""

    id: str
    text: bytes
    version: int
    starts: int
    replaces: list[Before] = field(default_factory=list)
    ends: int | None = None
    revoked: bool = False
    waits_for: int | None = None
    overlap: int = 0
    first_used: int | None = None

    def is_over(self, now: int) -> bool:
        """Whether it is refused for good."""
        return self.revoked or (self.ends is not None and now >= self.ends)

    def end(self, at: int, now: int) -> None:
        """Have it end then, unless it does before; what ends now is revoked."""
        if self.ends is not None and self.ends <= at:
            return
        if at <= now:
            self.revoked = True
        else:
            self.ends = at


@dataclass(eq=False)
class KeyFacts:
    """A key. `opens` are APIs."""

    id: str
    application: str
    opens: set[str]
    secrets: list[SecretFacts]
    starts: int | None = None
    ends: int | None = None
    disabled: bool = False
    revoked: bool = False
    deleted_at: int | None = None

    def has_ended(self, now: int) -> bool:
        """Whether its last moment is past."""
        return self.ends is not None and now >= self.ends

    def living(self, now: int) -> list[SecretFacts]:
        """The secrets that are not over."""
        return [one for one in self.secrets if not one.is_over(now)]

    def may_renew(self, now: int) -> bool:
        """Whether a secret of it can come to be of any use."""
        gone = self.deleted_at is not None or self.revoked
        return not (gone or self.has_ended(now))

    def may_rotate(self, now: int, *, at_once: bool) -> bool:
        """Whether it may get one more secret."""
        room = at_once or len(self.living(now)) < SECRETS_MAX
        return self.may_renew(now) and room

    def rotate(
        self, new: SecretFacts, overlap: int | None, now: int, *, on_use: bool
    ) -> None:
        """Put a secret in the place of those it has. `overlap` is in µs."""
        for old in self.living(now):
            new.replaces.append(Before(old, old.ends, old.waits_for, old.overlap))
            if on_use and overlap is not None:
                waits = old.waits_for is not None
                old.overlap = min(old.overlap, overlap) if waits else overlap
                old.waits_for = old.waits_for if waits else new.version
            elif overlap is not None:
                old.end(now + overlap, now)
        self.secrets.append(new)

    def may_roll_back(self, now: int) -> bool:
        """Whether the newest secret can be taken back."""
        newest = self.secrets[-1]
        due = [one for one in newest.replaces if one.ends is None or one.ends > now]
        whole = bool(due) and not any(one.secret.is_over(now) for one in due)
        return self.may_renew(now) and not newest.is_over(now) and whole

    def roll_back(self, now: int) -> None:
        """Let all be as the last rotation found it."""
        for one in self.secrets[-1].replaces:
            if not one.secret.is_over(now):
                one.secret.ends = one.ends
                one.secret.waits_for, one.secret.overlap = one.waits_for, one.overlap
        self.secrets[-1].revoked = True

    def begin_overlaps(self, now: int) -> None:
        """What a worker does: overlaps begin with the first use of a successor."""
        for old in self.secrets:
            if old.waits_for is None or old.revoked:
                continue
            uses = [
                new.first_used
                for new in self.secrets
                if new.version >= old.waits_for and not new.revoked
            ]
            known = [at for at in uses if at is not None]
            if known:
                old.waits_for = None
                old.end(min(known) + old.overlap, now)


@dataclass(eq=False)
class PlanFacts:
    """A plan of the seller."""

    id: str
    opens: set[str]
    public: bool
    manual: bool
    retired: bool = False


@dataclass(eq=False)
class SubscriptionFacts:
    """An application that has, or had, a plan."""

    id: str
    plan: PlanFacts
    application: str
    state: str
    ended_from: str = ""

    def end(self) -> None:
        """Have it end for good."""
        if self.state != "ended":
            self.ended_from, self.state = self.state, "ended"

    def is_open(self, api: str) -> bool:
        """Whether it holds the API for itself: another can't open it meanwhile."""
        return self.state in LIVE and api in self.plan.opens


@dataclass(eq=False)
class TokenFacts:
    """A token of a user."""

    id: str
    text: bytes
    user: str
    session: str
    application: str
    api: str
    key: KeyFacts
    secret: SecretFacts
    issued: int
    ends: int

    def names(self) -> Iterable[tuple[str, str, str]]:
        """All by which it may be revoked."""
        for kind, value in (
            ("token", self.id),
            ("user", self.user),
            ("session", self.session),
            ("key", self.key.id),
            ("application", self.application),
        ):
            yield self.application, kind, value


class Facts:
    """All that was done, and what follows from it.

    `homes` maps an application or API to its project and organization, and
    an application that is a customer's to that customer too.
    """

    def __init__(self, now: int) -> None:
        self.now = now
        self.homes: dict[str, tuple[str, ...]] = {}
        self.off: set[str] = set()
        self.keys: list[KeyFacts] = []
        self.plans: list[PlanFacts] = []
        self.subscriptions: list[SubscriptionFacts] = []
        self.opened_by: dict[tuple[str, str], SubscriptionFacts] = {}
        self.tokens: list[TokenFacts] = []
        self.revoked: dict[tuple[str, str, str], int] = {}

    def organization(self, of: str) -> str:
        """Whose an application or API is."""
        return self.homes[of][1]

    # -- subscriptions ----------------------------------------------------------

    def can_claim(self, one: SubscriptionFacts | None, application: str, api: str) -> bool:
        """Whether nothing else opens the API for the application."""
        held = self.opened_by.get((application, api))
        return held is None or held is one or not held.is_open(api)

    def claim(self, one: SubscriptionFacts, apis: Iterable[str]) -> None:
        """Have a subscription be the one that opens these."""
        self.opened_by |= {(one.application, api): one for api in apis}

    def is_held_back(
        self, one: SubscriptionFacts | None, application: str, apis: Iterable[str]
    ) -> bool:
        """Whether another was to open one of these, and the seller had not let it."""
        last = [self.opened_by.get((application, api)) for api in apis]
        others = [held for held in last if held is not None and held is not one]
        return any((held.ended_from or held.state) != "active" for held in others)

    def has_bought(self, application: str, api: str) -> bool:
        """Whether an active subscription opens the API now."""
        held = self.opened_by.get((application, api))
        return held is not None and held.state == "active" and api in held.plan.opens

    def may_name(self, application: str, api: str) -> bool:
        """Whether a key of the application may name the API in its access."""
        own = self.organization(application) == self.organization(api)
        return own or self.has_bought(application, api)

    # -- what calls come to -----------------------------------------------------

    def code_of_secret(self, key: KeyFacts, secret: SecretFacts, api: str) -> str:
        """What a call of the API with that secret comes to."""
        refusal = self._state(key, secret)
        if refusal is None and self.now < max(secret.starts, key.starts or 0):
            refusal = "not_yet_valid"
        if refusal is None and (key.has_ended(self.now) or secret.is_over(self.now)):
            refusal = "expired"
        return refusal or self._access(key, api)

    def code_of_token(self, token: TokenFacts) -> str:
        """What a call of its API with a token comes to."""
        key = token.key
        if key.application != token.application:
            return "unknown"
        refusal = self._state(key, token.secret)
        if refusal is None and self._is_revoked(token):
            refusal = "revoked"
        if refusal is None and self.now < (key.starts or 0):
            refusal = "not_yet_valid"
        if refusal is None and (key.has_ended(self.now) or self.now >= token.ends):
            refusal = "expired"
        return refusal or self._access(key, token.api)

    def _state(self, key: KeyFacts, secret: SecretFacts) -> str | None:
        if key.deleted_at is not None:
            return "unknown"
        if key.revoked or secret.revoked:
            return "revoked"
        holders = {key.application, *self.homes[key.application]}
        return "disabled" if key.disabled or holders & self.off else None

    def _access(self, key: KeyFacts, api: str) -> str:
        shut = {api, *self.homes[api]} & self.off
        if shut or api not in key.opens:
            return "api_not_allowed"
        # An application that ever had a subscription to it is bound by that.
        if (key.application, api) in self.opened_by:
            bought = self.has_bought(key.application, api)
        else:
            bought = self.organization(key.application) == self.organization(api)
        return "valid" if bought else "subscription_inactive"

    def _is_revoked(self, token: TokenFacts) -> bool:
        return any(token.issued <= self.revoked.get(name, -1) for name in token.names())
