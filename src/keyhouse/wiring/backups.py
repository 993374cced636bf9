"""The whole installation into one file, and back, on the machine itself."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from keyhouse.adapters.database import SchemaError, open_database
from keyhouse.adapters.system import (
    KeyringError,
    SystemClock,
    dump_keyring,
    load_keyring,
    parse_keyring,
    putting_keyring,
)
from keyhouse.settings import Settings, SettingsError
from keyhouse.wiring.folder import (
    KEYRING_VARIABLE,
    in_plain_words,
    keyring,
    keyring_text,
    open_checked,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from keyhouse.core.keyring import Keyring
    from keyhouse.ports import Portable
    from keyhouse.services.backup import Checked, Manifest, Progress


def back_up(
    settings: Settings,
    out: Path,
    passphrase: str | None,
    progress: Progress,
    *,
    with_keyring: bool,
    with_usage: bool,
) -> Manifest:
    """Write the database, as it is now, and the keyring into a new file.

    Others may go on serving and writing. Raises SettingsError for what a
    person must mend, and StoreUnavailable.
    """
    from importlib.metadata import version

    from keyhouse.adapters.archive import new_archive
    from keyhouse.services.backup import write_backup

    with open_checked(settings) as database, in_plain_words():
        text = dump_keyring(keyring(settings)) if with_keyring else None
        try:
            with new_archive(out, passphrase) as parts:
                return write_backup(
                    database.portable(),
                    parts,
                    SystemClock(),
                    progress,
                    version=version("keyhouse"),
                    keyring=text,
                    usage=with_usage,
                )
        except FileExistsError:
            raise SettingsError(f"{out} is there already; choose another name.") from None
        except OSError as error:
            raise SettingsError(f"{out} cannot be written: {error.strerror}.") from None


def is_sealed(file: Path) -> bool:
    """Whether a backup needs a passphrase. Raises SettingsError."""
    from keyhouse.adapters.archive import is_sealed as sealed

    try:
        return sealed(file)
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}.") from None


def restore(
    settings: Settings,
    file: Path,
    passphrase: str | None,
    progress: Progress,
    *,
    force: bool,
) -> Manifest:
    """Make the installation what the backup holds; nobody may use it meanwhile.

    All is checked before anything is written, and the database is filled in
    one transaction. Raises SettingsError for what a person must mend.
    """
    from keyhouse.adapters.archive import open_archive
    from keyhouse.ports import DamagedBackup, NotEmpty
    from keyhouse.services.backup import CannotRestore, check_backup, fill

    database = open_database(settings.database_url)
    try:
        _make_folder(settings)
        with open_archive(file, passphrase) as parts, in_plain_words():
            portable = database.portable()
            _refuse_living(settings, portable)
            checked = check_backup(parts, progress)
            # To read a large file takes a while, in which one may have been started.
            _refuse_living(settings, portable)
            ring = _ring_for(settings, checked, force=force)
            manifest = checked.manifest
            filling = portable.refilling(manifest.revision, manifest.head, force=force)
            # The keyring comes into place after the commit. Who is killed between the
            # two has rows without their keyring: a start refuses that where there is
            # none, and to restore once more with --force mends it. The other way round
            # an empty database would begin with the restored keyring, and say nothing.
            with _putting(settings, ring), filling as refill:
                fill(checked, parts, refill, progress)
            return manifest
    except DamagedBackup as error:
        raise SettingsError(f"{file} cannot be restored: {error}.") from None
    except (CannotRestore, SchemaError) as error:
        raise SettingsError(f"{error}.") from None
    except NotEmpty as error:
        raise SettingsError(
            f"The database is not empty: {error}. Restore into an empty one, or have "
            "all that is in it replaced with --force."
        ) from None
    except ValueError as error:
        raise SettingsError(f"{file} cannot be restored: {error}.") from None
    except OSError as error:
        at = f" ({error.filename})" if error.filename else ""
        raise SettingsError(f"{file} cannot be restored: {error.strerror}{at}.") from None
    finally:
        database.dispose()


def _putting(settings: Settings, ring: Keyring | None) -> AbstractContextManager[None]:
    if ring is None:
        return nullcontext()
    return putting_keyring(settings.keyring_path, ring)


def _make_folder(settings: Settings) -> None:
    settings.data.dir.mkdir(mode=0o700, parents=True, exist_ok=True)


def _refuse_living(settings: Settings, portable: Portable) -> None:
    """A process that serves would answer from what it knew, and write into what comes."""
    from keyhouse.adapters.spool import spools_in_use

    found = list(portable.living(SystemClock().now_us()))
    found += [f"a gateway with the spool {id}" for id in spools_in_use(settings.spool_dir)]
    if found:
        raise SettingsError(
            f"The installation is in use: {found[0]}. Stop all its processes first "
            "(one that was killed counts as living for half a minute)."
        )


def _ring_for(settings: Settings, checked: Checked, *, force: bool) -> Keyring | None:
    """The keyring to put in place, None where the one that is there stays.

    Raises SettingsError where neither has the keys that the rows need.
    """
    from keyhouse.services.backup import CannotRestore, demand_keys

    there = _ring_there(settings)
    path = settings.keyring_path
    if checked.keyring is None or keyring_text():
        where = KEYRING_VARIABLE if keyring_text() else str(path)
        demand_keys(checked, there, where)
        return None
    ring = parse_keyring(checked.keyring, "in the backup")
    demand_keys(checked, ring, "the keyring in the backup")
    if ring == there:
        return None
    if path.exists() and not force:
        raise CannotRestore(
            f"{path} is another keyring than the one in the backup; move it away, or "
            "have it replaced with --force, which keeps it beside the new one"
        )
    return ring


def _ring_there(settings: Settings) -> Keyring | None:
    if keyring_text():
        return keyring(settings)
    if not settings.keyring_path.exists():
        return None
    try:
        return load_keyring(settings.keyring_path)
    except KeyringError:
        return None
