"""Checks of headers that the gateway adds toward an upstream."""

from keyhouse.core.upstream_headers import (
    VALUE_LENGTH_MAX,
    frames,
    is_header_name,
    is_header_value,
    tells_of_callers,
)
from keyhouse.core.validation.problem import Problem


def check_upstream_header(name: str, value: str) -> list[Problem]:
    """Its name and value; no problem tells any of the value."""
    return [*check_upstream_header_name("name", name), *_value("value", value)]


def check_upstream_header_name(field: str, name: str) -> list[Problem]:
    """A name that is not about the connection, and not the gateway's own to say."""
    if not is_header_name(name):
        mend = "use up to 64 letters, digits and -, as X-Internal-Key"
        return [Problem(field, "is no name of a header", mend)]
    if frames(name):
        reason = "concerns the connection or the framing"
        return [Problem(field, reason, "choose another header: the gateway sets this one")]
    if tells_of_callers(name):
        mend = "choose another header: the gateway tells the upstream who calls"
        return [Problem(field, "tells of callers", mend)]
    return []


def _value(field: str, value: str) -> list[Problem]:
    if is_header_value(value):
        return []
    mend = (
        f"give 1 to {VALUE_LENGTH_MAX} printable ASCII characters, "
        "without spaces at the ends"
    )
    return [Problem(field, "is no value of a header", mend)]
