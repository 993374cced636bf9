"""What somebody would type into each form: so that only its sender can be the trouble."""

import re
from collections.abc import Mapping

_FORMS: list[tuple[str, Mapping[str, str]]] = []
"""Fields by the end of the path, the first that fits."""


def typed_in(path: str) -> dict[str, str]:
    """The fields of the form that is sent to a path."""
    for pattern, fields in _FORMS:
        if re.search(pattern, path):
            return dict(fields)
    return {}
