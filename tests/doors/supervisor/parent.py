"""A supervisor of one small server: `parent.py PORT GRACE CHILD-OPTION …`.

Prints the child's pid once it is ready; with `--beside`, in the next line that of
another one, which only serves. With `--tells` the child says so itself,
and is not asked over HTTP; with `--hung SECONDS` it is replaced if it does not move,
at its start after `--start SECONDS` more. With `--aside KIND FILE` another process
serves the small one and is asked in a way of that kind: it `answers` once and then
oddly, never (`mute`), or when it was started a second time (`stuck`).
"""

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from keyhouse.doors.supervisor.plan import Plan, Timing
from keyhouse.doors.supervisor.sockets import Listener, bind
from keyhouse.doors.supervisor.supervisor import supervise


def _ready(pids: Mapping[str, int]) -> int:
    print("\n".join(str(pids[name]) for name in ("small", "beside") if name in pids))
    sys.stdout.flush()
    return 0


def _tell(name: str, why: str) -> None:
    print(f"told: {name} {why}", file=sys.stderr, flush=True)
    if name == "small" and "--tell-fails" in sys.argv:
        raise LookupError("nobody listens")


def _aside(kind: str, file: Path) -> Plan:
    """Its process adds a line to the file, and then does nothing."""
    program = f"import time; open({str(file)!r}, 'a').write('x\\n'); time.sleep(60)"
    answered = 0

    def times() -> int:
        return file.read_text().count("x") if file.exists() else 0

    async def probe() -> bool:
        nonlocal answered
        if kind == "answers" and answered == 2:
            raise ValueError("an odd answer")
        is_up = times() >= {"answers": 1, "mute": 99, "stuck": 2}[kind]
        answered += is_up
        return is_up

    return Plan("aside", (sys.executable, "-c", program), None, "", os.environ, probe)


def _seconds(options: Sequence[str], name: str, otherwise: float) -> float:
    return float(options[options.index(name) + 1]) if name in options else otherwise


def main(port: str, grace: str, *options: str) -> int:
    logging.basicConfig(level="INFO", format="%(message)s")
    bound = bind(Listener("gateway", "gateway.listen", "127.0.0.1", int(port)))
    server = str(Path(__file__).with_name("small_server.py"))
    ready = "" if "--tells" in options else "/ready"
    plans = [Plan("small", (sys.executable, server, *options), bound, ready, os.environ)]
    if "--beside" in options:
        other = bind(Listener("gateway", "gateway.listen", "127.0.0.1", 0))
        command = (sys.executable, server, "--tells")
        plans.append(Plan("beside", command, other, ready, os.environ))
    if "--aside" in options:
        kind, file = options[options.index("--aside") + 1 :][:2]
        plans.append(_aside(kind, Path(file)))
    timing = Timing(
        grace_seconds=float(grace),
        pause_seconds=0.02,
        first_starts_max=3,
        takeover_seconds=1,
        renewal_seconds=_seconds(options, "--start", 60),
        hung_seconds=_seconds(options, "--hung", 0),
    )
    return supervise(plans, _ready, timing=timing, tell=_tell)


sys.exit(main(*sys.argv[1:]))
