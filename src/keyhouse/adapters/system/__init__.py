"""What the machine itself gives: time, randomness, the keyring file, the boot id."""

from keyhouse.adapters.system.boot import boot_id
from keyhouse.adapters.system.clock import SystemClock
from keyhouse.adapters.system.entropy import SystemEntropy
from keyhouse.adapters.system.keyring_file import (
    KeyringError,
    create_keyring,
    dump_keyring,
    load_keyring,
    parse_keyring,
)
from keyhouse.adapters.system.open_files import allow_open_files

__all__ = [
    "KeyringError",
    "SystemClock",
    "SystemEntropy",
    "allow_open_files",
    "boot_id",
    "create_keyring",
    "dump_keyring",
    "load_keyring",
    "parse_keyring",
]
