"""Icons, drawn into the page: no request, and they take the text's colour."""

import json
from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup

Icon = Callable[..., Markup]

_FRAME = Markup(
    '<svg class="icon" width="{size}" height="{size}" viewBox="0 0 24 24" fill="none"'
    ' stroke="currentColor" stroke-width="1.75" stroke-linecap="round"'
    ' stroke-linejoin="round" aria-hidden="true" focusable="false">{inside}</svg>'
)


def load_icons(file: Path) -> Icon:
    """`icon(name, size=16)` on the drawings of that file.

    Where the file was not built, or has no such drawing, there is a blank of
    the same size: a page without icons is a page still.
    """
    drawings = json.loads(file.read_text("utf-8")) if file.is_file() else {}

    def icon(name: str, size: int = 16) -> Markup:
        # The drawings come from npm's lock, not from people.
        inside = Markup(drawings.get(name, ""))  # noqa: S704  (ours)
        return _FRAME.format(size=size, inside=inside)

    return icon
