"""What a browser calls itself, in words that its owner knows."""

from typing import Final, NamedTuple

# In the order to look in: each browser also names those that it is like.
_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


class Device(NamedTuple):
    """`name` reads `Firefox on Linux`; `icon` draws its kind."""

    name: str
    icon: str


def device_of(agent: str) -> Device:
    """The device of a User-Agent, as far as it tells."""
    browser = _first(agent, _BROWSERS) or "A browser"
    system = _first(agent, _SYSTEMS)
    small = system in ("iPhone", "iPad", "Android")
    name = f"{browser} on {system}" if system else browser
    return Device(name, "smartphone" if small else "monitor")


def _first(agent: str, marks: tuple[tuple[str, str], ...]) -> str:
    return next((name for mark, name in marks if mark in agent), "")
