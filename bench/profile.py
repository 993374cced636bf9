"""Where the gateway's time goes: `python bench/run.py --profile FILE`.

Needs py-spy (`pip install py-spy`) and the right to trace. FILE ends in .svg
for a flame graph; anything else gets one line a stack, with its samples.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import gateway, peers
from bench.load import load
from bench.processes import BenchFailed, two_cores

SECONDS = 8
_SAMPLES_A_SECOND = 500


def profile(out: Path) -> None:
    """Load the gateway and sample it meanwhile. Raises BenchFailed without py-spy."""
    spy = _py_spy()
    cores = two_cores()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        upstream_port = stack.enter_context(peers.upstream(cores))
        prepared = gateway.prepare(folder / "house", cores, upstream_port)
        running = stack.enter_context(gateway.gateway(prepared, cores.server))
        load(running.proxy(), core=cores.load, seconds=2)
        recording = subprocess.Popen([*_recording(spy, out), "--pid", str(running.pid)])
        sample = load(running.proxy(), core=cores.load, seconds=SECONDS + 2)
        recording.wait(SECONDS + 30)
    print(f"{out}: {sample.rate:,.0f} requests/s while sampled")


def _recording(spy: str, out: Path) -> list[str]:
    form = "flamegraph" if out.suffix == ".svg" else "raw"
    rate, seconds = str(_SAMPLES_A_SECOND), str(SECONDS)
    return [
        *(spy, "record", "--threads", "--nonblocking", "--rate", rate),
        *("--duration", seconds, "--format", form, "--output", str(out)),
    ]


def _py_spy() -> str:
    beside = Path(sys.executable).parent
    spy = shutil.which("py-spy", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")
    if spy is None:
        raise BenchFailed("py-spy is not installed: pip install py-spy")
    return spy
