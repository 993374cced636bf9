"""The demo from start to end: a stage is set, the story played, the stage kept."""

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from urllib.parse import urlencode

import httpx

from keyhouse.doors.demo import steps
from keyhouse.doors.demo.caller import EXTRACT, Caller, Stage
from keyhouse.doors.demo.plot import Plot
from keyhouse.doors.demo.processes import (
    START_SECONDS_MAX,
    DidNotStart,
    Processes,
    Tether,
    answers,
    free_port,
)
from keyhouse.doors.demo.steps import Step, as_line, say, table

_NO_WEBDATA = "The demo's API is not installed: pip install 'examples/webdata[pages]'"
_INTERRUPTED = 130
_OWNER = "owner@localhost"
_PAGE = "/ref/time.html"
_UPLOAD = "/ref/draw.html"
_PORTS = {"gateway": 8080, "management": 8000, "webdata": 3000, "pages": 3001}
_USAGE = ("key", "verdict", "requests", "units", "errors", "bytes_in", "bytes_out")


def play(tether: Tether, *, once: bool, as_json: bool) -> int:
    """Play the story; 0 if every step went as it should, 1 if not, 2 if it

    could not begin. Without `once` everything stays up until Ctrl-C.
    """
    if find_spec("webdata") is None:
        say(
            "The demo's API is not installed: pip install 'examples/webdata[pages]'",
            aside=True,
        )
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="keyhouse-demo-") as folder:
            return _Show(Path(folder), tether, as_json=as_json).run(once=once)
    except DidNotStart as error:
        say(f"The demo could not start:\n{error}", aside=True)
        return 2
    except KeyboardInterrupt:
        return _INTERRUPTED


class _Show:
    def __init__(self, folder: Path, tether: Tether, *, as_json: bool) -> None:
        self._folder = folder
        self._tether = tether
        self._as_json = as_json
        self._steps: list[Step] = []
        self._urls: dict[str, str] = {}

    def run(self, *, once: bool) -> int:
        self._choose_ports()
        with Processes(self._tether, self._folder / "demo.log") as processes:
            stage = self._set(processes)
            caller = Caller(stage, self._tell)
            plot = Plot(stage, caller)
            ok = plot.play()
            caller.close()
            self._tell_end(plot)
            if not once:
                with suppress(KeyboardInterrupt):
                    self._stay(plot, stage)
        return 0 if ok else 1

    def _choose_ports(self) -> None:
        for name, wanted in _PORTS.items():
            port = free_port(wanted)
            self._urls[name] = f"http://127.0.0.1:{port}"
            if port != wanted:
                say(f"Port {wanted} is taken: {name} is on {port}.", aside=self._as_json)

    def _set(self, processes: Processes) -> Stage:
        """Start everything; the stage is ready when this returns."""
        pages = processes.start(_python("webdata.pages", "--port", self._port("pages")))
        webdata = processes.start(
            _python("webdata", "--port", self._port("webdata"), "--allow-private")
        )
        gateway_pid = self._start_keyhouse(processes)
        processes.answers(pages, self._urls["pages"] + _PAGE)
        processes.answers(webdata, self._urls["webdata"] + "/healthz")
        kept = json.loads((self._folder / "data" / "cli.json").read_text("utf-8"))
        return Stage(
            gateway=self._urls["gateway"],
            management=self._urls["management"],
            upstream=self._urls["webdata"],
            page=self._urls["pages"] + _PAGE,
            upload=httpx.get(self._urls["pages"] + _UPLOAD).content,
            management_key=str(kept["api_key"]),
            restart_gateway=lambda: self._restart(gateway_pid),
        )

    def _start_keyhouse(self, processes: Processes) -> int:
        """Bootstrap and serve, as anybody would; gives the gateway's process id."""
        environment = self._environment()
        processes.finish(processes.start(_python("keyhouse", "bootstrap"), environment))
        reader, writer = os.pipe()
        serve = processes.start(
            _python("keyhouse", "serve", "--ready-fd", str(writer)), environment, [writer]
        )
        os.close(writer)
        told = json.loads(processes.line(serve, reader))
        return int(told["gateway"]["pid"])

    def _environment(self) -> dict[str, str]:
        return {
            "KEYHOUSE_DATA__DIR": str(self._folder / "data"),
            "KEYHOUSE_GATEWAY__LISTEN": self._urls["gateway"].removeprefix("http://"),
            "KEYHOUSE_MANAGEMENT__LISTEN": self._urls["management"].removeprefix("http://"),
            "KEYHOUSE_MANAGEMENT__SIGN_UP": "open",
            # Who signs up here has the machine before them: its own addresses are theirs.
            "KEYHOUSE_GATEWAY__UPSTREAM_PRIVATE": "true",
        }

    def _restart(self, pid: int) -> int:
        """Kill the gateway as no program can resist; 200 once it serves again."""
        os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end:
            if answers(self._urls["gateway"] + "/.keyhouse/ready"):
                return 200
            time.sleep(0.02)
        return 0

    def _port(self, name: str) -> str:
        return self._urls[name].rpartition(":")[2]

    def _tell(self, step: Step) -> None:
        self._steps.append(step)
        if not self._as_json:
            say(as_line(step))

    def _tell_end(self, plot: Plot) -> None:
        if self._as_json:
            say(steps.as_json(self._steps))
            return
        say("\nWhat was counted:\n" + table(plot.usage, _USAGE))
        good = sum(step.ok for step in self._steps)
        say(f"\n{good} of {len(self._steps)} steps went as they should.")

    def _stay(self, plot: Plot, stage: Stage) -> None:
        aside = self._as_json
        address = f"{stage.gateway}{EXTRACT}?{urlencode({'url': stage.page})}"
        command = ["curl", "-H", f"X-API-Key: {plot.secret}", address]
        say("\nEverything stays up until Ctrl-C.", aside=aside)
        for name, url in self._urls.items():
            say(f"  {name:<11} {url}", aside=aside)
        say(f"  {'data':<11} {self._folder / 'data'}", aside=aside)
        say(f"\nTry it:\n{shlex.join(command)}", aside=aside)
        self._invite(aside=aside)
        signal.pause()

    def _invite(self, *, aside: bool) -> None:
        """Two ways into the console: as the owner of all this, or as somebody new."""
        reset = subprocess.run(  # noqa: S603  (a command of our own)
            _python("keyhouse", "people", "reset", _OWNER),
            env={**os.environ, **self._environment()},
            capture_output=True,
            text=True,
            check=False,
        )
        if reset.returncode == 0:
            say(f"\nSee it in the browser, as {_OWNER}; set a password first:", aside=aside)
            say(reset.stdout.strip(), aside=aside)
        say(f"\nOr sign up at {self._urls['management']}/signup; the mail:", aside=aside)
        mail = [_program(), "mail", "--data-dir", str(self._folder / "data")]
        say(shlex.join(mail), aside=aside)


def _program() -> str:
    """What to type for this program, which need not be on the PATH of a shell."""
    if which("keyhouse") is not None:
        return "keyhouse"
    beside = Path(sys.executable).with_name("keyhouse")
    here = Path.cwd()
    return str(beside.relative_to(here) if beside.is_relative_to(here) else beside)


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]
