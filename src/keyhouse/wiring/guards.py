"""The guard: Keyhouse inside a program."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from typing import TYPE_CHECKING

from keyhouse import settings as settings_module
from keyhouse.adapters.database import open_database
from keyhouse.adapters.system import SystemClock, SystemEntropy
from keyhouse.doors import guard
from keyhouse.ports import RemoteRefused
from keyhouse.services.metrics import plane_readings
from keyhouse.settings import Settings, SettingsError
from keyhouse.wiring.folder import prepare
from keyhouse.wiring.metrics import publishing
from keyhouse.wiring.planes import data_plane

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from keyhouse.core.secret import Secret

_log = logging.getLogger(__name__)
_FOLDER_VARIABLES = (
    "KEYHOUSE_DATA__DIR",
    "KEYHOUSE_DATA__DATABASE_URL",
    settings_module.FILE_VARIABLE,
)
URL_VARIABLE = "KEYHOUSE_URL"
KEY_VARIABLE = "KEYHOUSE_API_KEY"
_VISIBLE = re.compile(r"[!-~]+")
"""What a header can hold of a key: an error about another would show it whole."""


class Keyhouse(guard.Keyhouse):
    """Verifies keys inside a program: see `doors.guard`."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Keyhouse:
        """Keyhouse elsewhere, or on the data folder that the environment names.

        KEYHOUSE_URL is the gateway's address and KEYHOUSE_API_KEY a management
        key with `keys:verify`. Without them KEYHOUSE_DATA__DIR is the folder,
        KEYHOUSE_CONFIG the settings' file. Nothing is opened yet. Raises
        SettingsError for what is wrong with them.
        """
        environ = os.environ if environ is None else environ
        if environ.get(URL_VARIABLE, "").strip():
            return cls(_opening_elsewhere(environ))
        settings = settings_module.load(environ=environ)
        return cls(_opening(settings))


def _opening(settings: Settings) -> Callable[[], Awaitable[guard.Plane]]:
    async def open_plane() -> guard.Plane:
        await asyncio.to_thread(prepare, settings)
        database = open_database(settings.database_url)
        plane = data_plane(settings, database, "guard")
        plane.on_close(database.dispose)
        await plane.open()
        collect = plane_readings(plane)
        publisher = await asyncio.to_thread(publishing, settings, "guard", collect)
        if publisher is not None:
            plane.on_close(publisher.stop)
        if not settings.data.counters_url:
            _log.warning(
                "rate limits are counted in each process: with several workers, each "
                "allows the full rate. Quotas are shared by all, exactly. "
                "data.counters_url names a Valkey that counts rates for all of them."
            )
        return plane

    return open_plane


def _opening_elsewhere(environ: Mapping[str, str]) -> Callable[[], Awaitable[guard.Plane]]:
    from keyhouse.core.secret import Secret

    both = [name for name in _FOLDER_VARIABLES if environ.get(name)]
    if both:
        raise SettingsError(
            f"{URL_VARIABLE} names a Keyhouse elsewhere and {both[0]} one that is here: "
            "unset one of them."
        )
    api_key = environ.get(KEY_VARIABLE, "").strip()
    if not api_key:
        raise SettingsError(
            f"{KEY_VARIABLE} is not set: put a management key with keys:verify into it."
        )
    if not _VISIBLE.fullmatch(api_key):
        raise SettingsError(
            f"{KEY_VARIABLE} holds more than one word of visible ASCII: put the key alone "
            "into it."
        )
    return _opening_remote(environ[URL_VARIABLE], Secret(api_key))


def _opening_remote(url: str, api_key: Secret) -> Callable[[], Awaitable[guard.Plane]]:
    try:
        from keyhouse.adapters.remote import AddressError, HttpKeyhouse, checked_address
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"{URL_VARIABLE} names a Keyhouse elsewhere, and {error.name}, which speaks "
            "to it, is not installed: pip install 'keyhouse[remote]'."
        ) from None
    from keyhouse.services.remote import RemotePlane

    try:
        address = checked_address(url)
    except AddressError as error:
        raise SettingsError(f"{URL_VARIABLE} {error}.") from None

    async def open_plane() -> guard.Plane:
        remote = await asyncio.to_thread(HttpKeyhouse, address, api_key)
        plane = RemotePlane(remote, SystemClock(), SystemEntropy())
        try:
            await plane.open()
        except RemoteRefused as error:
            await remote.close()
            raise SettingsError(f"{URL_VARIABLE} and {KEY_VARIABLE}: {error}") from None
        return plane

    return open_plane
