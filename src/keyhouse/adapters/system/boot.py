"""Which start of the kernel this is."""

from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id(file: Path = _BOOT_ID) -> str:
    """The kernel's random id of this boot: 36 characters of a UUID.

    Equal for all processes until the machine starts again, containers on one
    kernel included. Raises OSError where the kernel tells none.
    """
    return file.read_text("ascii").strip()
