"""What the machine itself gives: time, randomness, the keyring file, the boot id."""

from keyhouse.adapters.system.boot import boot_id
from keyhouse.adapters.system.clock import SystemClock
from keyhouse.adapters.system.entropy import SystemEntropy
from keyhouse.adapters.system.keyring_file import (
    KeyringError,
    add_sealing_key,
    add_signing_key,
    complete_keyring,
    create_keyring,
    dump_keyring,
    load_keyring,
    parse_keyring,
    putting_keyring,
    retire_signing_key,
)
from keyhouse.adapters.system.open_files import allow_open_files

__all__ = [
    "KeyringError",
    "SystemClock",
    "SystemEntropy",
    "add_sealing_key",
    "add_signing_key",
    "allow_open_files",
    "boot_id",
    "complete_keyring",
    "create_keyring",
    "dump_keyring",
    "load_keyring",
    "parse_keyring",
    "putting_keyring",
    "retire_signing_key",
]
