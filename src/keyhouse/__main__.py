"""The program `keyhouse`: settings and wiring, put into the command line."""

import os
import re
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyhouse.doors.cli.entries import (
        BackedUp,
        Bootstrapped,
        KeptMail,
        Progress,
        Ready,
        Serving,
        ShownSetting,
        Sources,
    )
    from keyhouse.doors.supervisor.plan import Plan
    from keyhouse.doors.supervisor.sockets import Listener
    from keyhouse.services.people import PeopleDesk
    from keyhouse.settings import Settings
    from keyhouse.wiring import Counters

COUNTERS = "KEYHOUSE_DATA__COUNTERS_URL"


def main() -> None:
    """Run the command that was given; never returns."""
    from keyhouse.doors.cli.standard import complete

    complete()
    try:
        from keyhouse.doors.cli.app import build_cli
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"The command line needs more than the light package ({error.name} is "
            "missing): pip install 'keyhouse[server]'\n"
        )
        sys.exit(2)
    build_cli(_Entries())()


class _Entries:
    """What `doors.cli.entries.Entries` asks for."""

    def installation(self, sources: "Sources") -> "_Installation":
        from keyhouse import settings

        with _told():
            return _Installation(
                settings.load(sources.flags, None, sources.config), sources
            )

    def explain(self, sources: "Sources") -> Sequence["ShownSetting"]:
        from keyhouse import settings
        from keyhouse.doors.cli.entries import ShownSetting

        with _told():
            loaded = settings.load(sources.flags, None, sources.config)
            origins = settings.origins(sources.flags, None, sources.config)
        return [
            ShownSetting(f"{section}.{name}", _shown(value), origins[f"{section}.{name}"])
            for section, values in loaded
            for name, value in values
        ]

    def demo(self, *, once: bool, as_json: bool) -> int:
        from keyhouse.doors.demo.story import play
        from keyhouse.doors.supervisor.tether import tethered

        return play(tethered, once=once, as_json=as_json)


class _Installation:
    """What `doors.cli.entries.Installation` asks for."""

    def __init__(self, settings: "Settings", sources: "Sources") -> None:
        self._settings = settings
        self._sources = sources

    @property
    def data_dir(self) -> Path:
        return self._settings.data.dir

    @property
    def gateway_url(self) -> str:
        return self._settings.gateway.url

    @property
    def management_url(self) -> str:
        return self._settings.management.url

    def run_gateway(
        self, listen_fd: int | None, beat_fd: int | None, serving: "Serving"
    ) -> int:
        from keyhouse import wiring

        self._log()
        with _told(), self._listening("gateway", listen_fd) as fd:
            return wiring.run_gateway(self._settings, fd, serving, _beating(beat_fd))

    def run_management(
        self,
        listen_fd: int | None,
        beat_fd: int | None,
        serving: "Serving",
        *,
        with_worker: bool,
    ) -> int:
        from keyhouse import wiring

        self._log()
        with _told(), self._listening("management", listen_fd) as fd:
            return wiring.run_management(
                self._settings, fd, serving, _beating(beat_fd), with_worker=with_worker
            )

    def run_worker(self, serving: "Serving") -> int:
        from keyhouse import wiring

        self._log()
        with _told():
            self.prepare()
            return wiring.run_worker(self._settings, serving)

    def serve(self, ready: "Ready", *, once: bool = False) -> int:
        from keyhouse import wiring
        from keyhouse.doors.supervisor.plan import Timing
        from keyhouse.doors.supervisor.sockets import bind, bind_all
        from keyhouse.doors.supervisor.supervisor import supervise

        self._log()
        with _told():
            workers = self._settings.gateway.workers
            gateways = bind_all(self._listener("gateway"), workers)
            management = bind(self._listener("management"))
            self.prepare()
            environment = _environment(self._sources)
            plans = []
            timing = Timing(hung_seconds=self._settings.gateway.hung_seconds_max)
            with (
                wiring.counters_beside(self._settings) as counters,
                wiring.restarts_counted(self._settings) as tell,
            ):
                if counters is not None:
                    environment[COUNTERS] = counters.url
                    plans.append(_counters_plan(counters, environment))
                for number, bound in enumerate(gateways, 1):
                    name = "gateway" if number == 1 else f"gateway-{number}"
                    plans.append(_plan(name, "gateway", bound, environment))
                plans.append(_plan("management", "management", management, environment))
                return supervise(plans, ready, once=once, timing=timing, tell=tell)

    def prepare(self) -> None:
        from keyhouse import wiring
        from keyhouse.doors.supervisor.folder import make_writable

        with _told():
            make_writable(self._settings.data.dir)
            wiring.prepare(self._settings)

    def new_sealing_key(self) -> str:
        from keyhouse import wiring

        with _told():
            return wiring.new_sealing_key(self._settings)

    def new_signing_key(self, algorithm: str) -> str:
        from keyhouse import wiring

        with _told():
            return wiring.new_signing_key(self._settings, algorithm)

    def drop_signing_key(self, id: str) -> None:
        from keyhouse import wiring

        with _told():
            wiring.drop_signing_key(self._settings, id)

    def bootstrap(
        self, email: str, organization: str, project: str, *, fresh_key: bool
    ) -> "Bootstrapped":
        from keyhouse import wiring

        with _told():
            return wiring.bootstrap(
                self._settings, email, organization, project, fresh_key=fresh_key
            )

    def back_up(
        self,
        out: Path,
        passphrase: str | None,
        progress: "Progress",
        *,
        with_keyring: bool,
        with_usage: bool,
    ) -> "BackedUp":
        from keyhouse import wiring

        with _told():
            return wiring.back_up(
                self._settings,
                out,
                passphrase,
                progress,
                with_keyring=with_keyring,
                with_usage=with_usage,
            )

    def is_sealed(self, file: Path) -> bool:
        from keyhouse import wiring

        with _told():
            return wiring.is_sealed(file)

    def restore(
        self, file: Path, passphrase: str | None, progress: "Progress", *, force: bool
    ) -> "BackedUp":
        from keyhouse import wiring

        with _told():
            return wiring.restore(self._settings, file, passphrase, progress, force=force)

    @contextmanager
    def people_desk(self) -> Iterator["PeopleDesk"]:
        from keyhouse import wiring

        with _told(), wiring.people_desk(self._settings) as desk:
            yield desk

    def mails(self) -> Sequence["KeptMail"]:
        from keyhouse import wiring
        from keyhouse.doors.cli.entries import KeptMail

        return [KeptMail(*mail) for mail in wiring.mail_folder(self._settings).kept()]

    def _log(self) -> None:
        from keyhouse.doors.cli.logs import configure

        configure(self._settings.log.level, self._settings.log.format)

    def _listener(self, name: str) -> "Listener":
        from keyhouse.doors.supervisor.sockets import Listener

        section = self._settings.gateway if name == "gateway" else self._settings.management
        return Listener(name, f"{name}.listen", *section.address)

    @contextmanager
    def _listening(self, name: str, inherited: int | None) -> Iterator[int]:
        """The inherited socket's number, or that of one bound as the settings say."""
        from keyhouse.doors.supervisor.sockets import bind

        if inherited is not None:
            yield inherited
            return
        with bind(self._listener(name)) as bound:
            self.prepare()
            yield bound.detach()


def _plan(
    name: str, command: str, bound: socket.socket, environment: Mapping[str, str]
) -> "Plan":
    from keyhouse.doors.supervisor.plan import Plan

    program = (sys.executable, "-m", "keyhouse", command)
    return Plan(name, program, bound, "", environment)


def _beating(fd: int | None) -> "Serving":
    """What a process does once its loop turns, which its parent watches over `fd`."""
    from keyhouse.doors.supervisor.orphan import end_after_parent
    from keyhouse.doors.supervisor.pulse import Beating

    def begin() -> None:
        if fd is not None:
            Beating(fd)
            end_after_parent()

    return begin


def _counters_plan(counters: "Counters", environment: Mapping[str, str]) -> "Plan":
    from keyhouse.doors.supervisor.plan import Plan
    from keyhouse.doors.supervisor.readiness import answers_ping

    probe = partial(answers_ping, counters.socket_path)
    return Plan("counters", counters.command, None, "", environment, probe)


@contextmanager
def _told() -> Iterator[None]:
    """What a person can mend is raised in the command line's own words."""
    from keyhouse.doors.cli.entries import OutOfReach, WrongUse
    from keyhouse.doors.supervisor.sockets import CannotStart
    from keyhouse.ports import NoSpool, StoreUnavailable
    from keyhouse.settings import SettingsError

    try:
        yield
    except (CannotStart, SettingsError) as error:
        raise WrongUse(str(error)) from error
    except StoreUnavailable as error:
        raise OutOfReach(f"the database: {error}") from error
    except NoSpool as error:
        raise OutOfReach(str(error)) from error


def _environment(sources: "Sources") -> dict[str, str]:
    """The environment in which a child reads the same settings as this process."""
    from keyhouse.settings import ENVIRONMENT_PREFIX, FILE_VARIABLE

    found = dict(os.environ)
    for name, value in sources.flags.items():
        found[ENVIRONMENT_PREFIX + name.upper().replace(".", "__")] = value
    if sources.config is not None:
        found[FILE_VARIABLE] = str(sources.config.resolve())
    return found


def _shown(value: object) -> str:
    """A setting's value as text; passwords in an address are covered."""
    text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    text = re.sub(r"([?&](?:ssl)?password=)[^&]*", r"\1…", text)
    before, separator, after = text.partition("://")
    credentials, at, rest = after.rpartition("@")
    user, colon, _ = credentials.partition(":")
    return f"{before}{separator}{user}:…@{rest}" if at and colon else text


if __name__ == "__main__":
    main()
