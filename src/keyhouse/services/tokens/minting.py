"""Minting a token for a user, with a key and never wider than it."""

from typing import Final, NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import Limit
from keyhouse.core.records import Line
from keyhouse.core.scopes import covers
from keyhouse.core.user_lines import fits
from keyhouse.core.user_tokens import (
    KIND,
    LIMITS_MAX,
    MARK,
    NAME_LENGTH_MAX,
    SCOPES_MAX,
    TOKEN_LENGTH_MAX,
    Mint,
    claims_of,
    is_user_name,
)
from keyhouse.core.validation import Problem, check_limits, check_number, check_scopes
from keyhouse.ports import Entropy, Signer
from keyhouse.services.refusals import Refusal, refuse

_UTC: Final = "UTC"


class MintWish(NamedTuple):
    """What is asked for. `scopes` None is all that the key holds, `seconds` None

    the longest life that the API allows.
    """

    subject: str
    session: str = ""
    scopes: tuple[str, ...] | None = None
    seconds: int | None = None
    limits: tuple[Limit, ...] = ()


class Minted(NamedTuple):
    """A new token, and what is told beside it."""

    text: str
    id: str
    seconds: int
    scopes: tuple[str, ...]


class ScopesWider(Refusal):
    """The token would do what its key may not; `scopes` names what."""

    def __init__(self, scopes: tuple[str, ...]) -> None:
        super().__init__(f"the key does not hold {' '.join(scopes)}")
        self.scopes = scopes


class NoSigningKey(Refusal):
    """The keyring has no key to sign with."""


def mint_token(
    wish: MintWish,
    *,
    line: Line,
    signer: Signer | None,
    issuer: str,
    now_us: int,
    entropy: Entropy,
) -> Minted:
    """A token for a user of the application of `line`, whose key opens its API now.

    Raises Invalid for what cannot be, ScopesWider and NoSigningKey. It lasts no
    longer than the key.
    """
    refuse(_check(wish, line))
    if signer is None or not signer.can_sign:
        raise NoSigningKey("the keyring has no signing key")
    held = line.grant.scopes if line.grant else frozenset()
    scopes = tuple(sorted(held)) if wish.scopes is None else wish.scopes
    wider = tuple(scope for scope in scopes if not covers(held, scope))
    if wider:
        raise ScopesWider(wider)
    left = (line.key.ends_us - now_us) // 1_000_000
    seconds = min(wish.seconds or line.api.token_seconds_max, max(left, 1))
    id = ids.make_id(ids.TOKEN, now_us, entropy.take(ids.ENTROPY_BYTES))
    mint = Mint(
        id=id,
        issuer=issuer,
        subject=wish.subject,
        session=wish.session,
        application_id=line.application.id,
        api_id=line.api.id,
        key_id=line.key.id,
        secret_id=line.secret.id,
        environment=line.key.environment or "",
        now_us=now_us,
        seconds=seconds,
        scopes=scopes,
        limits=wish.limits,
    )
    text = signer.sign(KIND, claims_of(mint), MARK).decode("ascii")
    if len(text) > TOKEN_LENGTH_MAX:
        reason = f"make a token of more than {TOKEN_LENGTH_MAX} bytes"
        refuse([Problem("scopes", reason, "ask for fewer")])
    return Minted(text, id, seconds, scopes)


def _check(wish: MintWish, line: Line) -> list[Problem]:
    problems = []
    mend = f"send 1 to {NAME_LENGTH_MAX} visible ASCII characters without spaces"
    if not is_user_name(wish.subject):
        problems.append(Problem("sub", "is no name of a user", mend))
    if wish.session and not is_user_name(wish.session):
        problems.append(Problem("sid", "is no name of a session", mend))
    if wish.scopes is not None:
        problems += check_scopes("scopes", wish.scopes, wild=True)
        if len(wish.scopes) > SCOPES_MAX:
            reason = f"has more than {SCOPES_MAX} entries"
            problems.append(Problem("scopes", reason, "ask for wider ones, or fewer"))
    if wish.seconds is not None:
        most = line.api.token_seconds_max
        problems += check_number("expires_in", wish.seconds, 1, most)
    return [*problems, *_check_limits(wish, line)]


def _check_limits(wish: MintWish, line: Line) -> list[Problem]:
    if len(wish.limits) > LIMITS_MAX:
        return [Problem("limits", f"has more than {LIMITS_MAX} limits", "leave some out")]
    problems = check_limits("limits", wish.limits, lambda zone: zone == _UTC)
    if problems:
        return problems
    return [
        Problem(
            f"limits.{index}",
            "is not within the API's own for users of that name",
            "keep its period or window and lower its amount, or name it otherwise",
        )
        for index, limit in enumerate(wish.limits)
        if not fits(line.api, limit)
    ]
