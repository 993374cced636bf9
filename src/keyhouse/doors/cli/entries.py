"""What the command line is given: everything that it starts or asks of this machine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from keyhouse.core.secret import Secret

if TYPE_CHECKING:
    from keyhouse.services.people import PeopleDesk


class WrongUse(Exception):
    """The command or a setting must be changed first. Exit code 2."""


class OutOfReach(Exception):
    """What the command needs does not answer. Exit code 3."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where settings come from, besides the environment and the defaults."""

    config: Path | None = None
    flags: Mapping[str, str] = field(default_factory=dict)

    def over(self, other: "Sources") -> "Sources":
        """Both, and these win."""
        return Sources(self.config or other.config, {**other.flags, **self.flags})

    def options(self) -> Iterator[str]:
        """The words that name them behind a command, for people: without passwords."""
        if self.config is not None:
            yield from ("--config", str(self.config))
        for name, value in self.flags.items():
            if name == "data.dir":
                yield from ("--data-dir", value)
            else:
                yield from ("--set", f"{name}={'…' if '@' in value else value}")


class ShownSetting(NamedTuple):
    """A setting as `config check` shows it; a password in it is covered."""

    name: str
    value: str
    source: str


class KeptMail(NamedTuple):
    """A mail that no server took: it lies in the data folder."""

    at: str
    to: str
    subject: str
    text: str


class Bootstrapped(Protocol):
    """An installation's first rows. The secret is None where there were some

    already and no fresh key was asked for.
    """

    @property
    def organization_id(self) -> str:
        """The organization."""

    @property
    def project_id(self) -> str:
        """Its first project."""

    @property
    def management_secret(self) -> Secret | None:
        """A management key for the whole organization."""

    @property
    def created(self) -> bool:
        """Whether this call made them."""


class BackedUp(Protocol):
    """What a backup says of itself."""

    @property
    def made_at(self) -> str:
        """The moment that it holds, RFC 3339."""

    @property
    def revision(self) -> str:
        """The schema's revision."""

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows each table has."""


Progress = Callable[[str, int], None]
"""Is told a table's name and how many of its rows are done."""
Serving = Callable[[], None]
"""Called once a process does what it is there for."""
Ready = Callable[[Mapping[str, int]], int]
"""Called once all answer, with process ids by name; not 0 ends everything."""


class Installation(Protocol):
    """Keyhouse on this machine, with one set of settings.

    All raise WrongUse for what a person must change, OutOfReach where the
    database does not answer.
    """

    @property
    def data_dir(self) -> Path:
        """The data folder; it need not exist."""

    @property
    def gateway_url(self) -> str:
        """Where callers reach the gateway."""

    @property
    def management_url(self) -> str:
        """Where the management API is."""

    def run_gateway(
        self, listen_fd: int | None, beat_fd: int | None, serving: Serving
    ) -> int:
        """The gateway, in this process, until SIGTERM.

        Once its loop turns, it shows in the shared memory `beat_fd` that it moves.
        """

    def run_management(
        self,
        listen_fd: int | None,
        beat_fd: int | None,
        serving: Serving,
        *,
        with_worker: bool,
    ) -> int:
        """The management API, in this process, until SIGTERM; with a worker or not.

        Once its loop turns, it shows in the shared memory `beat_fd` that it moves.
        """

    def run_worker(self, serving: Serving) -> int:
        """What happens on its own, in this process, until SIGTERM."""

    def serve(self, ready: Ready, *, once: bool = False) -> int:
        """Both as supervised processes until SIGTERM or SIGINT; the exit code.

        With `once`, until `ready` has returned.
        """

    def prepare(self) -> None:
        """Data folder, keyring and tables, made or brought up to date."""

    def bootstrap(
        self, email: str, organization: str, project: str, *, fresh_key: bool
    ) -> Bootstrapped:
        """Owner, organization, project and management key, where there are none."""

    def new_sealing_key(self) -> str:
        """Have a fresh key of the keyring seal from the next start on; its id."""

    def new_signing_key(self, algorithm: str) -> str:
        """Have a fresh key of the keyring sign from the next start on; its id."""

    def drop_signing_key(self, id: str) -> None:
        """Take a key that signs no more out of the keyring."""

    def back_up(
        self,
        out: Path,
        passphrase: str | None,
        progress: Progress,
        *,
        with_keyring: bool,
        with_usage: bool,
    ) -> BackedUp:
        """Write a new file that holds the database as it is now, and the keyring."""

    def is_sealed(self, file: Path) -> bool:
        """Whether a backup needs a passphrase."""

    def restore(
        self, file: Path, passphrase: str | None, progress: Progress, *, force: bool
    ) -> BackedUp:
        """Make the installation what a backup holds."""

    def people_desk(self) -> AbstractContextManager["PeopleDesk"]:
        """Who can log in, on this machine's database."""

    def mails(self) -> Sequence[KeptMail]:
        """The mails in the data folder, the oldest first."""


class Entries(Protocol):
    """The ways into Keyhouse."""

    def installation(self, sources: Sources) -> Installation:
        """Settings read and checked. Raises WrongUse, naming what is wrong."""

    def explain(self, sources: Sources) -> Sequence[ShownSetting]:
        """Every setting, its value and where that came from. Raises WrongUse."""

    def demo(self, *, once: bool, as_json: bool) -> int:
        """The story; 0 if every step went as it should."""
