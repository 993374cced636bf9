"""How a request came, where that decides before anything is looked up."""

from keyhouse.core.verdict import Verdict


def transport_refusal(*, tls: bool, require_tls: bool) -> Verdict | None:
    """The refusal of a request for how it came, None where it may go on.

    It is the same whatever credential is there, and given before any is looked
    up: over plain HTTP everybody on the way reads the answer as well.
    """
    return Verdict.TLS_REQUIRED if require_tls and not tls else None
