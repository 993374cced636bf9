"""How long fastapi-keygate needs to check a key and count two rates of it.

`python -m bench.keygate_check` prints `{"us": …}`: its dependency `require`, one
key among a hundred in SQLite. What its middleware writes about use is left out.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

RUNS: Final = 15
CALLS: Final = 200
KEYS: Final = 100


def measure(folder: Path, runs: int = RUNS, keys: int = KEYS) -> float:
    """Microseconds a check, the median of the runs."""
    from fastapi import HTTPException, Request, Response
    from keygate import KeyGate

    gate = KeyGate(
        db_url=f"sqlite:///{folder}/keys.sqlite3",
        default_per_minute=60_000_000,
        default_per_hour=3_600_000_000,
    )
    secrets = [gate.create_key(f"owner {n}").key for n in range(keys)]

    def asked(secret: str) -> Request:
        headers = [(b"x-api-key", secret.encode())]
        return Request({"type": "http", "method": "GET", "path": "/", "headers": headers})

    try:
        gate.require(asked(secrets[0][:-1] + "_"), Response())
    except HTTPException as refusal:
        if refusal.status_code != 401:
            raise
    else:
        raise AssertionError("a wrong key passes")
    request, response = asked(secrets[keys // 2]), Response()
    told = []
    for _ in range(runs + 2):
        began = time.thread_time_ns()
        for _ in range(CALLS):
            gate.require(request, response)
        told.append((time.thread_time_ns() - began) / CALLS / 1000)
    return statistics.median(told[2:])


def main() -> None:
    """Measure and tell."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({"us": measure(Path(folder))}))


if __name__ == "__main__":
    main()
