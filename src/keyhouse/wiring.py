"""The one module that knows concrete classes: settings in, running parts out.

Everything heavy is imported inside its builder, so that a program with the
light package alone can import this module and use the guard.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from keyhouse import settings as settings_module
from keyhouse.adapters.database import Database, SchemaError, open_database, upgrade
from keyhouse.adapters.memory import MemoryRateCounter
from keyhouse.adapters.spool import MappedSpoolFolder
from keyhouse.adapters.system import (
    KeyringError,
    SystemClock,
    SystemEntropy,
    add_sealing_key,
    add_signing_key,
    allow_open_files,
    boot_id,
    complete_keyring,
    create_keyring,
    load_keyring,
    parse_keyring,
)
from keyhouse.core import ids
from keyhouse.doors import guard
from keyhouse.ports import RemoteRefused
from keyhouse.services.meter import LOG_ROWS_MAX
from keyhouse.services.plane import (
    CheckingPlane,
    DataPlane,
    Means,
    MeteringMeans,
    Options,
)
from keyhouse.settings import Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from starlette.types import ASGIApp

    from keyhouse.adapters.mail import MailFolder
    from keyhouse.core.entities import UpstreamHeader
    from keyhouse.core.keyring import Keyring
    from keyhouse.core.secret import Secret
    from keyhouse.core.upstream_headers import Unseal
    from keyhouse.doors.gateway import GatewayConfig
    from keyhouse.doors.worker import Round
    from keyhouse.ports import Mailer
    from keyhouse.services.jobs import Claim
    from keyhouse.services.people import PeopleDesk
    from keyhouse.services.tenants import Bootstrapped
    from keyhouse.services.work import Office

GRACE_SECONDS = 25.0
"""For requests in flight at a stop; the supervisor waits a little longer."""
UPKEEP_SECONDS = 3600.0
OWN_FILES_MAX = 256
"""Open files of a gateway that are no connections: database, spool, sockets."""
SWITCH_SECONDS = 0.0001
"""How long booking usage may keep the interpreter from the loop that serves; Python's

own 5 ms would be a pause for every request that comes meanwhile.
"""
GARBAGE_MAX = 20_000
"""Objects that the gateway may leave behind before it looks for circles among them."""
KEYRING_VARIABLE = "KEYHOUSE_KEYRING"
_FOLDER_VARIABLES = (
    "KEYHOUSE_DATA__DIR",
    "KEYHOUSE_DATA__DATABASE_URL",
    settings_module.FILE_VARIABLE,
)
URL_VARIABLE = "KEYHOUSE_URL"
KEY_VARIABLE = "KEYHOUSE_API_KEY"
_log = logging.getLogger(__name__)


# -- before anything runs -------------------------------------------------------


def prepare(settings: Settings) -> None:
    """Data folder, keyring and tables, made where they are missing.

    Raises SettingsError for what a person must mend, StoreUnavailable where
    the database does not answer.
    """
    with _in_plain_words():
        settings.data.dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        upgrade(settings.database_url)
        path = settings.keyring_path
        if KEYRING_VARIABLE in os.environ:
            return
        if not path.exists():
            _refuse_lost_keyring(settings)
            create_keyring(path)
        _complete(path)


def _complete(path: Path) -> None:
    """A keyring that nobody may write still opens keys, so that is no end."""
    try:
        complete_keyring(path)
    except KeyringError as error:
        load_keyring(path)
        _log.warning("%s; what needs one is refused", error)


def bootstrap(
    settings: Settings, email: str, organization: str, project: str, *, fresh_key: bool
) -> Bootstrapped:
    """The first owner, organization, project and management key.

    Raises SettingsError for a value that cannot be kept.
    """
    from keyhouse.services.refusals import Invalid
    from keyhouse.services.tenants import bootstrap as make

    with _database(settings) as database:
        try:
            office = _office(settings, database)
            return make(office, email, organization, project, fresh_key=fresh_key)
        except Invalid as error:
            told = [f"{one.field}: {one.reason}. {one.mend}" for one in error.problems]
            raise SettingsError("\n".join(told)) from None


@contextmanager
def _in_plain_words() -> Iterator[None]:
    """What a person can mend is told as a SettingsError."""
    try:
        yield
    except (KeyringError, SchemaError) as error:
        raise SettingsError(str(error)) from error


def _refuse_lost_keyring(settings: Settings) -> None:
    """A fresh pepper beside old secrets would silently close every key."""
    from keyhouse.core.entities import SecretRow

    database = open_database(settings.database_url)
    try:
        with database.rows.reading() as tx:
            known = tx.page(SecretRow, after=None, limit=1).rows
    finally:
        database.dispose()
    if known:
        raise SettingsError(
            f"The keyring {settings.keyring_path} is missing, and the database holds "
            "secrets that were made with it. Restore it from a backup, or name its "
            "place in secrets.pepper_file; without it no key opens."
        )


def new_sealing_key(settings: Settings) -> str:
    """Have a fresh key of the keyring's file seal from the next start on; its id.

    Raises SettingsError where there is no such file, or it cannot be written.
    """
    return _new_key(settings, add_sealing_key).sealing[0].id


def new_signing_key(settings: Settings) -> str:
    """As `new_sealing_key`, for what is signed."""
    return _new_key(settings, add_signing_key).signing[0].id


def _new_key(settings: Settings, add: Callable[[Path], Keyring]) -> Keyring:
    """The keyring's file with one key more.

    Raises SettingsError where there is no such file, or it cannot be written.
    """
    if os.environ.get(KEYRING_VARIABLE):
        raise SettingsError(
            f"The keyring comes from {KEYRING_VARIABLE}: add the key to it there."
        )
    with _in_plain_words():
        return add(settings.keyring_path)


def _keyring(settings: Settings) -> Keyring:
    text = os.environ.get(KEYRING_VARIABLE)
    if text:
        return parse_keyring(text, KEYRING_VARIABLE)
    return load_keyring(settings.keyring_path)


@contextmanager
def _database(settings: Settings, unseal: Unseal | None = None) -> Iterator[Database]:
    """The database, with a schema that fits; with `unseal` as a gateway reads it."""
    database = open_database(settings.database_url, unseal)
    try:
        with _in_plain_words():
            wrong = database.check()
            if wrong is not None:
                raise SchemaError(wrong)
            yield database
    finally:
        database.dispose()


# -- planes -----------------------------------------------------------------------


def _means(settings: Settings, database: Database) -> Means:
    return Means(
        keys=database.keys,
        open_feed=database.feed,
        ledger=database.ledger,
        rates=MemoryRateCounter(),
        keyring=_keyring(settings),
        clock=SystemClock(),
        entropy=SystemEntropy(),
    )


def _options(settings: Settings, kind: str) -> Options:
    return Options(
        kind=kind,
        keys_max=settings.cache.keys_max,
        stale_seconds_max=settings.cache.stale_seconds_max,
        require_tls=settings.gateway.require_tls,
    )


def data_plane(settings: Settings, database: Database, kind: str) -> DataPlane:
    """A data plane of that kind, not yet open."""
    boot = boot_id()
    metering = MeteringMeans(
        spools=MappedSpoolFolder(settings.spool_dir, boot),
        sink=database.sink,
        nodes=database.nodes,
        boot_id=boot,
        pid=os.getpid(),
        log_rows_max=LOG_ROWS_MAX if settings.requests.retention_days else 0,
    )
    return DataPlane(_means(settings, database), metering, _options(settings, kind))


def _office(settings: Settings, database: Database) -> Office:
    from keyhouse.adapters.sealing import AeadSealer
    from keyhouse.services.placing import Placing
    from keyhouse.services.work import Office

    zones, keyring = available_timezones(), _keyring(settings)
    return Office(
        rows=database.rows,
        reports=database.reports,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        keyring=keyring,
        secret_prefix=settings.secrets.prefix,
        knows_zone=zones.__contains__,
        placing=Placing(
            own_hosts=settings.own_hosts,
            upstream_private=settings.upstream_private,
            upstream_private_for=frozenset(settings.gateway.upstream_private_for),
        ),
        sealer=AeadSealer(keyring),
    )


def mail_folder(settings: Settings) -> MailFolder:
    """Where mails land that no server takes."""
    from keyhouse.adapters.mail import MailFolder

    return MailFolder(settings.mail_dir, settings.mail.sender)


def mailer(settings: Settings) -> Mailer:
    """What mails go out by; close it."""
    from keyhouse.adapters.mail import Outbox, SmtpServer

    if settings.mail.url:
        return Outbox(SmtpServer(settings.mail.url, settings.mail.sender).deliver)
    return Outbox(mail_folder(settings).deliver)


def _people(settings: Settings, office: Office, outbox: Mailer) -> PeopleDesk:
    from keyhouse.adapters.passwords import Argon2Hasher
    from keyhouse.services.people import PeopleDesk

    return PeopleDesk(
        office=office,
        hasher=Argon2Hasher(),
        mailer=outbox,
        admits=settings.management.sign_up,
        public_url=settings.management.url,
    )


@contextmanager
def people_desk(settings: Settings) -> Iterator[PeopleDesk]:
    """The desk for a command on this machine.

    Raises SettingsError and StoreUnavailable.
    """
    with _database(settings) as database:
        outbox = mailer(settings)
        try:
            yield _people(settings, _office(settings, database), outbox)
        finally:
            outbox.close()


# -- processes --------------------------------------------------------------------


def spare_collector() -> None:
    """Have the collector walk through what requests leave behind, which is little,

    and not through all modules: what is loaded by now stays.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_MAX, 20, 100)


def run_gateway(settings: Settings, listen_fd: int) -> int:
    """The gateway on an inherited listening socket, until SIGTERM or SIGINT.

    Requests in flight are finished before it returns. Raises SettingsError
    and StoreUnavailable.
    """
    import uvloop

    sys.setswitchinterval(SWITCH_SECONDS)
    _make_room(_gateway_config(settings))
    with _in_plain_words():
        unseal = _unseal(settings)
    with _database(settings, unseal) as database:
        return uvloop.run(_gateway(settings, database, listen_fd))


def _make_room(config: GatewayConfig) -> None:
    """Have as many files as there may be connections, or say that there are fewer."""
    wanted = config.connections_max + config.upstream_connections_max + OWN_FILES_MAX
    allowed = allow_open_files(wanted)
    if allowed < wanted:
        _log.warning(
            "%d open files are allowed and %d may be needed: raise the limit (ulimit -Hn), "
            "or lower gateway.connections_max",
            allowed,
            wanted,
        )


def _unseal(settings: Settings) -> Unseal:
    """Opens headers for upstreams; in the log stands which one it could not."""
    from keyhouse.adapters.sealing import AeadSealer
    from keyhouse.core.upstream_headers import sealing_context
    from keyhouse.ports import Sealed

    sealer = AeadSealer(_keyring(settings))

    def unseal(row: UpstreamHeader) -> bytes | None:
        sealed = Sealed(row.sealing_key_id, row.sealed)
        value = sealer.unseal(sealed, sealing_context(row.api_id, row.name))
        if value is None:
            told = "the header %s of %s cannot be unsealed with the keyring's key %s"
            _log.error(told, row.name, row.api_id, row.sealing_key_id)
        return value

    return unseal


async def _gateway(settings: Settings, database: Database, listen_fd: int) -> int:
    from keyhouse.adapters.signing import Ed25519Signer
    from keyhouse.doors.gateway import GatewayServer, Plane

    stop = _stop_on_signals()
    plane = data_plane(settings, database, "gateway")
    await plane.open()
    spare_collector()
    try:
        faces = Plane(
            verifier=plane.verifier,
            resolver=plane.resolver,
            meter=plane.meter,
            new_request_id=plane.new_request_id,
            ready=lambda: plane.is_ready,
            now_us=plane.means.clock.now_us,
            recent=plane.recent,
            signer=Ed25519Signer(plane.means.keyring),
            issuer=settings.gateway.url,
        )
        server = GatewayServer(_gateway_config(settings), faces)
        await server.start(socket.socket(fileno=listen_fd))
        await stop.wait()
        await server.drain(GRACE_SECONDS)
    finally:
        await plane.close()
    return 0


def _gateway_config(settings: Settings) -> GatewayConfig:
    from keyhouse.doors.gateway import GatewayConfig

    chosen = settings.gateway
    return GatewayConfig(
        trusted_proxies=chosen.trusted_proxies,
        own_hosts=settings.own_hosts,
        upstream_private=settings.upstream_private,
        upstream_private_for=frozenset(chosen.upstream_private_for),
        require_tls=chosen.require_tls,
        head_bytes_max=chosen.head_bytes_max,
        body_bytes_max=chosen.body_bytes_max,
        head_seconds_max=chosen.head_seconds_max,
        idle_seconds_max=chosen.idle_seconds_max,
        upstream_seconds_max=chosen.upstream_seconds_max,
        connections_max=chosen.connections_max,
    )


def run_management(settings: Settings, listen_fd: int) -> int:
    """The management API and its worker on an inherited listening socket,

    until SIGTERM or SIGINT. Raises SettingsError and StoreUnavailable.
    """
    import uvloop

    with _database(settings) as database:
        return uvloop.run(_management(settings, database, listen_fd))


async def _management(settings: Settings, database: Database, listen_fd: int) -> int:
    from keyhouse.doors.api import serve
    from keyhouse.doors.worker import work

    stop = _stop_on_signals()
    plane = CheckingPlane(_means(settings, database), _options(settings, "management"))
    await plane.open()
    outbox = mailer(settings)
    worker = asyncio.create_task(work(_rounds(settings, database), stop))
    try:
        app = _management_app(settings, database, plane, outbox)
        await serve(app, socket.socket(fileno=listen_fd), stop)
    finally:
        stop.set()
        await worker
        await plane.close()
        await asyncio.to_thread(outbox.close)
    return 0


def _management_app(
    settings: Settings, database: Database, plane: CheckingPlane, outbox: Mailer
) -> ASGIApp:
    from keyhouse.doors.api import build_app
    from keyhouse.doors.console import ConsoleConfig, build_console
    from keyhouse.doors.front import BehindProxies, dispatch

    office = _office(settings, database)
    people = _people(settings, office, outbox)
    config = ConsoleConfig(
        gateway_url=settings.gateway.url,
        public_url=settings.management.url,
        sign_up=settings.management.sign_up,
    )
    api = build_app(office, people, plane.management)
    both = dispatch(api, build_console(office, people, config))
    return BehindProxies(both, settings.management.trusted_proxies)


def _rounds(settings: Settings, database: Database) -> Sequence[Round]:
    """What the worker of this process does, as far as no other process does it."""
    from keyhouse.services.jobs import Task, rounds_of

    tasks = (Task("upkeep", UPKEEP_SECONDS, _upkeep(settings, database)),)
    clock, entropy = SystemClock(), SystemEntropy()
    holder = ids.make_id(ids.NODE, clock.now_us(), entropy.take(ids.ENTROPY_BYTES))
    return rounds_of(tasks, database.rows, clock, holder)


def _upkeep(settings: Settings, database: Database) -> Callable[[Claim], None]:
    from keyhouse.services.upkeep import Retention, keep_up

    kept = Retention(settings.requests.retention_days, settings.usage.retention_days)

    def run(claim: Claim) -> None:
        keep_up(database.upkeep, SystemClock(), kept, claim.stopped)

    return run


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    return stop


# -- the guard ----------------------------------------------------------------------


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
        _log.warning(
            "rate limits are counted in each process: with several workers, each "
            "allows the full rate. Quotas are shared by all, exactly."
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
