"""Apps from which a key may be used: Android package and certificate, iOS bundle.

The form of an app is `android:com.example.weather:da39a3…` (package, and the
SHA-1 fingerprint of the certificate that signed it, as Google has it) or
`ios:com.example.Weather`. A caller tells it in headers, and so can anybody
else: it keeps honest apps apart, and stops nobody who reads the app's traffic.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

PACKAGE_HEADER: Final = "x-android-package"
CERTIFICATE_HEADER: Final = "x-android-cert"
BUNDLE_HEADER: Final = "x-ios-bundle-identifier"
APP_HEADERS: Final = (PACKAGE_HEADER, CERTIFICATE_HEADER, BUNDLE_HEADER)
NO_APP: Final = ""
_ANDROID: Final = re.compile(
    r"android:([A-Za-z]\w*(?:\.[A-Za-z]\w*)+):([0-9A-Fa-f]{2}(?::?[0-9A-Fa-f]{2}){19})",
    re.ASCII,
)
_IOS: Final = re.compile(r"ios:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_LENGTH_MAX: Final = 512


def canonical_app(text: str) -> str:
    """The one form of an app: the fingerprint in small letters, without colons.

    Raises ValueError for what is no app.
    """
    if len(text) <= _LENGTH_MAX:
        android = _ANDROID.fullmatch(text)
        if android is not None:
            return f"android:{android[1]}:{android[2].replace(':', '').lower()}"
        if _IOS.fullmatch(text):
            return text
    raise ValueError("an app is android:package:SHA-1 or ios:bundle")


def app_of(headers: Mapping[str, str]) -> str:
    """The app that a request's headers name, by their lower-case names.

    NO_APP where they name none, half of one, or two.
    """
    package, certificate, bundle = (headers.get(name, "") for name in APP_HEADERS)
    if bundle and (package or certificate):
        return NO_APP
    named = f"ios:{bundle}" if bundle else f"android:{package}:{certificate}"
    try:
        return canonical_app(named)
    except ValueError:
        return NO_APP


class Apps:
    """The apps of a key, compiled when it is loaded."""

    __slots__ = ("_known",)

    def __init__(self, apps: Iterable[str]) -> None:
        self._known = frozenset(canonical_app(text) for text in apps)

    def admit(self, app: str) -> bool:
        """Whether this app may call, in whichever form it is told."""
        if app in self._known:
            return True
        try:
            return canonical_app(app) in self._known
        except ValueError:
            return False


class BothApps(Apps):
    """What two keys allow, both of which must."""

    __slots__ = ("_both",)

    def __init__(self, one: Apps, other: Apps) -> None:
        self._both = (one, other)

    def admit(self, app: str) -> bool:
        """Whether both let this app call."""
        return all(apps.admit(app) for apps in self._both)
