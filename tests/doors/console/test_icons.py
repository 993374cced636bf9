import re
from pathlib import Path

from keyhouse.doors.console.rendering import TEMPLATES
from tests.repository.places import ROOT

_CALL = re.compile(r"""(?:icon|_icon|empty)\(\s*["']([a-z0-9-]+)["']""")
_GIVEN = re.compile(r"""icon=["']([a-z0-9-]+)["']""")


def test_each_icon_that_a_template_names_is_built() -> None:
    """One that is missing would be a blank: seen by nobody but who looks."""
    lines = (ROOT / "web" / "icons.txt").read_text("utf-8").splitlines()
    built = {line for line in lines if line and not line.startswith("#")}
    missing = {
        f"{file.name}: {name}"
        for file in sorted(TEMPLATES.rglob("*.html"))
        for name in _named(file)
        if name not in built
    }
    assert missing == set()


def _named(file: Path) -> set[str]:
    text = file.read_text("utf-8")
    return {*_CALL.findall(text), *_GIVEN.findall(text)}
