"""A file for a secret that is told once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_NO_ANSWER: Final = "the answer with it did not arrive"


class CannotKeep(ValueError):
    """There is no place for the secret: why not, and perhaps what to do, in sentences."""

    def __str__(self) -> str:
        return " ".join(self.args)


class SecretLost(Exception):
    """A secret was made that nobody has; the text names its thing, and what to do.

    Unless another reason is told, the answer that held it did not arrive, and the
    repeat's holds none: what is told once is not kept.
    """

    def __init__(self, what: str, mend: str, why: str = _NO_ANSWER) -> None:
        self._made_of = (what, mend, why)
        super().__init__(f"{what} is there, but its new secret is lost: {why}. {mend}")

    def __reduce__(self) -> tuple[type["SecretLost"], tuple[str, ...], dict[str, Any]]:
        return type(self), self._made_of, self.__dict__


class SecretFile:
    """A file that only its owner may read, from its first moment on.

    It is made empty, so that what can't be written is known before there is a
    secret. With `force` it takes the place of another once it is filled.
    """

    def __init__(self, path: Path, *, force: bool) -> None:
        self.path = path
        self._draft = path.with_name(f".{path.name}.{os.getpid()}") if force else path
        self._filled = False
        if force and path.is_dir():
            raise CannotKeep(f"--out {path}: is a folder; name a file.")
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            self._handle = os.open(self._draft, flags, 0o600)
        except FileExistsError:
            raise CannotKeep(
                f"--out {path}: is there already; name another file, or --force."
            ) from None
        except OSError as error:
            raise CannotKeep(f"--out {path}: {error.strerror}.") from None

    def fill(self, secret: str) -> None:
        """Write it. Raises CannotKeep where the disk takes it no more."""
        try:
            with os.fdopen(os.dup(self._handle), "w", encoding="utf-8") as file:
                file.write(f"{secret}\n")
                file.flush()
                os.fsync(file.fileno())
            if self._draft != self.path:
                self._draft.replace(self.path)
        except OSError as error:
            raise CannotKeep(
                f"--out {self.path}: {error.strerror}.",
                "The secret is lost: make another.",
            ) from None
        self._filled = True

    def close(self) -> None:
        """Leave nothing behind where nothing was written."""
        os.close(self._handle)
        if not self._filled:
            self._draft.unlink(missing_ok=True)


@contextmanager
def secret_file(path: Path, *, force: bool) -> Iterator[SecretFile]:
    """The file, closed at the end. Raises CannotKeep."""
    file = SecretFile(path, force=force)
    try:
        yield file
    finally:
        file.close()
