"""From a user's token to a way: believed once, then found like a key.

All that needs no signature is looked at before one is checked, which takes
some 120 µs: so it is done on a thread, once for each token, within the budget
for keys that are not known. What it came to is kept; a token of which a part
has changed, such as its key, is worked out anew without it.
"""

from typing import Final, TypeVar

from keyhouse.core.pending import Pending
from keyhouse.core.records import Found, KeyRecord, PartRef, RevocationsRecord
from keyhouse.core.user_lines import beside, user_line
from keyhouse.core.user_tokens import Signed, UserToken, looks_like_token, taken_apart
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Clock, SignatureChecker
from keyhouse.services.verify.asker import Asker
from keyhouse.services.verify.cache import RecordCache
from keyhouse.services.verify.loading import HeldLine, Loading
from keyhouse.services.verify.ways import Way

TOKENS: Final = "tokens"
"""The kind of part that tells what is revoked of an application's tokens."""
T = TypeVar("T")


class TokenLoading:
    """Finds the ways of tokens. Where `checker` is None, none is known."""

    def __init__(
        self,
        loading: Loading,
        cache: RecordCache,
        clock: Clock,
        checker: SignatureChecker | None,
    ) -> None:
        self._loading = loading
        self._fingerprint = loading.fingerprints.of
        self._cache = cache
        self._clock = clock
        self._checker = checker

    def way(
        self, secret: bytes, token: bytes | None, hashed: bytes, slug: str, asker: Asker[T]
    ) -> Way | T | Pending[T]:
        """A fresh `Way` of a token to the API, or of a key with a token beside it.

        `hashed` stands for both.
        """
        of_key: HeldLine | None = None
        if token is not None:
            if looks_like_token(secret):
                return asker.refuse(Verdict.CONFLICTING_CREDENTIALS)
            # Its way is not kept: whom that evicts may be a part of what is made here.
            hashed_key = self._fingerprint(secret)
            found = self._loading.secret_line(secret, hashed_key, slug, asker)
            if not isinstance(found, HeldLine):
                return found
            of_key = found
        user = self.token(token or secret, asker, slug)
        if not isinstance(user, UserToken):
            return user
        held = self.line(user, slug, asker)
        if not isinstance(held, HeldLine):
            return held
        line, refs = held.line, set(held.parts)
        if of_key is not None:
            if of_key.line.application.id != user.application_id:
                return asker.refuse(Verdict.CONFLICTING_CREDENTIALS)
            line = beside(of_key.line, line)
            refs.update(of_key.parts)
        return self._cache.keep_token_way(hashed, line, refs)

    def token(
        self, text: bytes, asker: Asker[T], slug: str = ""
    ) -> UserToken | T | Pending[T]:
        """What a token says, if it is one of ours that has not ended."""
        hashed = self._fingerprint(text)
        known = self._cache.tokens.get(hashed)
        if known is not None:
            return known
        monotonic_us = self._clock.monotonic_us()
        if self._cache.is_absent(hashed, monotonic_us):
            return asker.refuse(Verdict.UNKNOWN)
        apart = taken_apart(text)
        if apart is None:
            return asker.refuse(Verdict.MALFORMED)
        refusal = self._refusal(*apart, slug)
        if refusal is not None:
            return asker.refuse(refusal)
        check = self._check(hashed, *apart, asker)
        return self._loading.admitted(
            check, asker, asker.source(slug), monotonic_us, lambda good: good is False
        )

    def line(
        self, user: UserToken, slug: str, asker: Asker[T]
    ) -> HeldLine | T | Pending[T]:
        """The line of a token that is ours to the API."""
        revoked = PartRef(TOKENS, user.application_id)
        found = Found(user.key_id, user.secret_id)
        held = self._loading.line(found, slug, asker, [revoked])
        if not isinstance(held, HeldLine):
            return held
        record = held.parts[revoked]
        if (
            not isinstance(record, RevocationsRecord)
            or held.line.application.id != user.application_id
        ):
            return asker.refuse(Verdict.UNKNOWN)
        return HeldLine(user_line(held.line, user, record), held.parts)

    def _refusal(self, signed: Signed, user: UserToken, slug: str) -> Verdict | None:
        """What refuses a token whoever signed it."""
        checker = self._checker
        if checker is None or not checker.knows(signed.key_id, signed.algorithm):
            return Verdict.UNKNOWN
        if self._clock.now_us() >= user.ends_us:
            return Verdict.EXPIRED
        api = self._cache.api(slug)
        if api is not None and api.id != user.api_id:
            return Verdict.API_NOT_ALLOWED
        key = self._cache.part(PartRef("key", user.key_id))
        if isinstance(key, KeyRecord) and key.application_id != user.application_id:
            return Verdict.UNKNOWN
        return None

    def _check(
        self, hashed: bytes, signed: Signed, user: UserToken, asker: Asker[T]
    ) -> Pending[T]:
        checker = self._checker
        assert checker is not None  # noqa: S101 - `_refusal` has seen to it

        def work() -> bool:
            return checker.verifies(signed.key_id, signed.content, signed.signature)

        def resume(good: object) -> T | Pending[T]:
            if good is True:
                self._cache.keep_token(hashed, user)
                return asker.again()
            if good is not False:
                return asker.refuse(Verdict.UNAVAILABLE)
            self._cache.keep_absent(hashed, self._clock.monotonic_us())
            return asker.refuse(Verdict.UNKNOWN)

        return Pending(("token", hashed), work, resume)
