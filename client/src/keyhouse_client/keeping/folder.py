"""One file a secret, in a folder of its owner's."""

from hashlib import sha256
from pathlib import Path

from keyhouse_client.keeping.files import make_folder, read_private, write_whole
from keyhouse_client.keeping.refusals import NoPlace


def file_name(name: str) -> str:
    """The file for `name`.

    Not the name alone: `Planner` and `planner` are one file to macOS and Windows, and
    `nul` is none.
    """
    return f"{name}~{sha256(name.encode()).hexdigest()[:8]}"


class FolderPlace:
    """Secrets as they are: who may read the owner's files may read them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def told(self) -> str:
        """Where that is, for people."""
        return f"the folder {self._folder}, which is not encrypted"

    def get(self, name: str) -> str | None:
        """The secret; None where there is none. Raises where others may read it."""
        if not self._folder.exists():
            return None
        make_folder(self._folder)
        path = self._folder / file_name(name)
        data = read_private(path)
        try:
            return None if data is None else data.decode("utf-8")
        except UnicodeDecodeError:
            raise NoPlace(f"{path}: is no text; put the secret there anew") from None

    def set(self, name: str, secret: str) -> None:
        """Keep it, in the place of another of that name."""
        make_folder(self._folder)
        write_whole(self._folder / file_name(name), secret.encode("utf-8"))

    def remove(self, name: str) -> None:
        """Keep it no more."""
        try:
            (self._folder / file_name(name)).unlink(missing_ok=True)
        except OSError as error:
            raise NoPlace(f"{self._folder}: {error.strerror}") from None
