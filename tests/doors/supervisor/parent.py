"""A supervisor of one small server: `parent.py PORT GRACE CHILD-OPTION …`.

Prints the child's pid once it is ready. With `--tells` the child says so itself,
and is not asked over HTTP; with `--hung SECONDS` it is replaced if it does not move.
"""

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from keyhouse.doors.supervisor.child import Plan, Timing
from keyhouse.doors.supervisor.sockets import Listener, bind
from keyhouse.doors.supervisor.supervisor import supervise


def _ready(pids: Mapping[str, int]) -> int:
    print(pids["small"], flush=True)
    return 0


def _tell(name: str, why: str) -> None:
    print(f"told: {name} {why}", file=sys.stderr, flush=True)


def main(port: str, grace: str, *options: str) -> int:
    logging.basicConfig(level="INFO", format="%(message)s")
    bound = bind(Listener("gateway", "gateway.listen", "127.0.0.1", int(port)))
    server = str(Path(__file__).with_name("small_server.py"))
    ready = "" if "--tells" in options else "/ready"
    plan = Plan("small", (sys.executable, server, *options), bound, ready, os.environ)
    hung = float(options[options.index("--hung") + 1]) if "--hung" in options else 0.0
    timing = Timing(
        grace_seconds=float(grace),
        pause_seconds=0.02,
        first_starts_max=3,
        takeover_seconds=1,
        hung_seconds=hung,
    )
    return supervise([plan], _ready, timing=timing, tell=_tell)


sys.exit(main(*sys.argv[1:]))
