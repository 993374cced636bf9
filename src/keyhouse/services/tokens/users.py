"""What the data plane tells and does about tokens, for the holders of keys."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeVar

from keyhouse.core import ids
from keyhouse.core.addresses import UNKNOWN, format_address
from keyhouse.core.decide import decide
from keyhouse.core.decision import Decision
from keyhouse.core.entities import KeyKind, Limit, RevokedKind
from keyhouse.core.pending import Pending
from keyhouse.core.records import ApiRecord, ApplicationRecord, KeyRecord, Line
from keyhouse.core.request import Request
from keyhouse.core.usage import MINTING
from keyhouse.core.user_tokens import UserToken
from keyhouse.core.validation import Problem
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Entropy, TokenKeys
from keyhouse.services.actor import Actor
from keyhouse.services.refusals import Invalid, Taken
from keyhouse.services.tokens.commands import Revoked, revoke_of_key
from keyhouse.services.tokens.minting import (
    Minted,
    MintWish,
    NoSigningKey,
    ScopesWider,
    mint_token,
)
from keyhouse.services.verify import Asker, HeldKey, HeldLine, Verifier, Way, refusal_of
from keyhouse.services.work import Office

T = TypeVar("T")
_ROW: Final = "id"
"""What a row is told to collide on that is there already."""


@dataclass(frozen=True, slots=True)
class Known:
    """A token that is ours and good now; `line` is its way to its API."""

    token: UserToken
    line: Line


class Held(Protocol):
    """The holder of a good key."""

    @property
    def key(self) -> KeyRecord:
        """The key."""

    @property
    def application(self) -> ApplicationRecord:
        """Its application."""


class UserDesk:
    """Belongs to one event loop, that of its verifier. Nothing blocks.

    `office` is where revocations are written, on a thread.
    """

    def __init__(
        self,
        verifier: Verifier,
        signer: TokenKeys | None,
        issuer: str,
        entropy: Entropy,
        now_us: Callable[[], int],
        office: Office,
    ) -> None:
        self._verifier = verifier
        self._signer = signer
        self._issuer = issuer
        self._entropy = entropy
        self._now_us = now_us
        self._office = office
        self._revocations = 0

    def minter(
        self, request: Request, attempt: int = 0, *, caught_up: bool = False
    ) -> Decision | Pending[Decision]:
        """Whether the key in `request` may mint tokens here now, as a call of it.

        `request.api` is a slug or an id. Its endpoints do not count: none of
        them is this one. It takes one of each rate limit of the key, so that
        nobody has it sign without end, and nothing of quotas and credits.
        """
        asker: Asker[Decision] = Asker(
            lambda: self.minter(request, attempt + 1),
            lambda verdict, retry_us=None: self._refused(verdict, None, retry_us),
            attempt,
            request.address,
            self._verifier.is_gone,
            lambda: self.minter(request, attempt, caught_up=True),
        )
        secret = request.secret
        if secret is None:
            return self._refused(Verdict.MISSING)
        late = None if caught_up else self._verifier.behind(asker)
        if late is not None:
            return late
        slug = self._slug(request.api, asker)
        if not isinstance(slug, str):
            return slug
        way = self._verifier.loading.way(
            secret, self._verifier.fingerprint(secret), slug, asker
        )
        if not isinstance(way, Way):
            return way
        line = way.line
        anywhere = replace(
            line,
            key=replace(line.key, endpoints=None),
            api=replace(line.api, endpoints=None),
        )
        now_us = self._now_us()
        verdict = decide(anywhere, replace(request, api=slug), now_us).verdict
        if verdict is Verdict.VALID and line.key.kind is not KeyKind.SERVER:
            verdict = Verdict.API_NOT_ALLOWED
        if verdict is not Verdict.VALID:
            return self._refused(verdict, None if verdict is Verdict.UNKNOWN else line)
        return self._verifier.toll(line, MINTING, now_us)

    def _refused(
        self, verdict: Verdict, line: Line | None = None, retry_us: int | None = None
    ) -> Decision:
        return Decision(verdict, self._now_us(), line, MINTING, retry_us=retry_us)

    def api(self, name: str) -> ApiRecord | None:
        """The API of that slug or id, as far as it is in memory."""
        if not ids.is_id(name, ids.API):
            return self._verifier.known_api(name)
        asker: Asker[ApiRecord | None] = Asker(lambda: None, lambda *_: None)
        found = self._verifier.loading.api_by_id(name, asker)
        return found if isinstance(found, ApiRecord) else None

    def mint(
        self,
        line: Line,
        subject: str,
        session: str = "",
        scopes: tuple[str, ...] | None = None,
        seconds: int | None = None,
        limits: tuple[Limit, ...] = (),
    ) -> Minted | Problem | None:
        """A token, or what is wrong; None where there is no key to sign it with."""
        try:
            return mint_token(
                MintWish(subject, session, scopes, seconds, limits),
                line=line,
                signer=self._signer,
                issuer=self._issuer,
                now_us=self._now_us(),
                entropy=self._entropy,
            )
        except Invalid as invalid:
            return invalid.problems[0]
        except ScopesWider as wider:
            reason = f"is more than the key holds: {' '.join(wider.scopes)}"
            return Problem("scope", reason, "ask for what the key holds, or widen the key")
        except NoSigningKey:
            return None

    def holder(
        self, request: Request, attempt: int = 0, *, caught_up: bool = False
    ) -> HeldKey | Verdict | Pending[HeldKey | Verdict]:
        """The server key in `request`, if it is good now at that address."""
        asker: Asker[HeldKey | Verdict] = Asker(
            lambda: self.holder(request, attempt + 1),
            lambda verdict, _=None: verdict,
            attempt,
            request.address,
            self._verifier.is_gone,
            lambda: self.holder(request, attempt, caught_up=True),
        )
        secret = request.secret
        if secret is None:
            return Verdict.MISSING
        late = None if caught_up else self._verifier.behind(asker)
        if late is not None:
            return late
        held = self._verifier.loading.key(secret, self._verifier.fingerprint(secret), asker)
        if not isinstance(held, HeldKey):
            return held
        refusal = refusal_of(held, request.key_id, self._now_us())
        key = held.key
        if refusal is None and key.kind is not KeyKind.SERVER:
            refusal = Verdict.API_NOT_ALLOWED
        elif refusal is None and request.browser:
            refusal = Verdict.BROWSER_NOT_ALLOWED
        elif refusal is None and key.networks is not None:
            admitted = key.networks.admits(request.address)
            refusal = None if admitted else Verdict.IP_NOT_ALLOWED
        return refusal or held

    def known(
        self,
        text: bytes,
        address: int = UNKNOWN,
        attempt: int = 0,
        *,
        caught_up: bool = False,
    ) -> Known | Verdict | Pending[Known | Verdict]:
        """The token, if it opens its API now, or why it doesn't."""
        asker: Asker[Known | Verdict] = Asker(
            lambda: self.known(text, address, attempt + 1),
            lambda verdict, _=None: verdict,
            attempt,
            address,
            self._verifier.is_gone,
            lambda: self.known(text, address, attempt, caught_up=True),
        )
        late = None if caught_up else self._verifier.behind(asker)
        if late is not None:
            return late
        token = self._verifier.tokens.token(text, asker)
        if not isinstance(token, UserToken):
            return token
        slug = self._slug(token.api_id, asker)
        if not isinstance(slug, str):
            return slug
        held = self._verifier.tokens.line(token, slug, asker)
        if not isinstance(held, HeldLine):
            return held
        line, now_us = held.line, self._now_us()
        if line.state is not None:
            return line.state
        if not line.starts_us <= now_us < line.ends_us:
            return Verdict.EXPIRED
        return Known(token, line) if line.grant else Verdict.API_NOT_ALLOWED

    def revoke(
        self,
        held: Held,
        kind: str,
        value: str,
        request: Request,
        request_id: str,
    ) -> Pending[Revoked | Problem | Exception]:
        """Revoke tokens of the application of `held`, all of it where `kind` says so.

        What is wrong, and an exception, are given as values.
        """
        actor = Actor(
            held.key.id,
            held.key.organization_id,
            (),
            format_address(request.address),
            request_id,
        )
        application_id = held.application.id
        self._revocations += 1

        def write() -> Revoked | Problem:
            meant = value or application_id
            try:
                return revoke_of_key(
                    self._office, actor, application_id, RevokedKind(kind), meant
                ).value
            except Invalid as invalid:
                return invalid.problems[0]
            except Taken as taken:
                return taken.problem

        def work() -> Revoked | Problem:
            told = write()
            # Another has written the same at the same moment: now it is there.
            raced = isinstance(told, Problem) and told.field == _ROW
            return write() if raced else told

        def resume(result: object) -> Revoked | Problem | Exception:
            if isinstance(result, Revoked | Problem | Exception):
                return result
            raise TypeError("a revocation came to something else")

        return Pending(("revoke", self._revocations), work, resume)

    def _slug(self, name: str, asker: Asker[T]) -> str | T | Pending[T]:
        """The slug of an API that is named by it or by its id."""
        if not ids.is_id(name, ids.API):
            return name
        api = self._verifier.loading.api_by_id(name, asker)
        return api.slug if isinstance(api, ApiRecord) else api
