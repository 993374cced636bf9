"""The bench: start all, let them take turns, tell the rows.

Exits with 1 where a goal is missed, with 2 where nothing could be measured.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench import gateway, machine, peers, results
from bench.load import CONNECTIONS, Sample, Target, interleaved
from bench.processes import BenchFailed, Cores, two_cores
from bench.profile import profile
from bench.results import Row
from bench.upstream import BODY

GATEWAY_TO_ENVOY = 1.4
DECIDE_US = 5.0


class Pace(NamedTuple):
    """How long: rounds of seconds, after warming up."""

    rounds: int
    seconds: int
    warm_seconds: int


QUICK = Pace(rounds=2, seconds=2, warm_seconds=1)
FULL = Pace(rounds=5, seconds=6, warm_seconds=3)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and tell; returns the exit code."""
    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short rounds: a first look")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="sample the gateway")
    options = parser.parse_args(arguments)
    try:
        if options.profile:
            profile(options.profile)
            return 0
        rows = _measured(QUICK if options.quick else FULL)
    except BenchFailed as failure:
        print(failure, file=sys.stderr)
        return 2
    results.write(rows)
    print(results.as_json(rows) if options.json else results.table(rows))
    return 1 if any(row.holds is False for row in rows) else 0


def _measured(pace: Pace) -> list[Row]:
    cores = two_cores()
    rows = [*_served(cores, pace), *_decided(cores)]
    told = f"{pace.rounds} rounds of {pace.seconds} s"
    return [*rows, Row("rounds", told), *(Row(*fact) for fact in machine.facts().items())]


def _served(cores: Cores, pace: Pace) -> list[Row]:
    """All that goes over sockets."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        upstream_port = stack.enter_context(peers.upstream(cores))
        envoy = stack.enter_context(peers.envoy(cores, folder, upstream_port))
        nginx = stack.enter_context(peers.nginx(cores, folder, upstream_port))
        prepared = gateway.prepare(folder, cores, upstream_port)
        with gateway.gateway(prepared, cores):
            ours, verify = prepared.proxy(), prepared.verify()
            _check(envoy, ours, nginx=nginx, verify=verify)
            proxies = [ours, envoy, nginx]
            counted = _Counted(cores, pace)
            at_once = counted.rounds(proxies)
            unlike = counted.rounds([one._replace(varied=True) for one in (ours, envoy)])
            alone = counted.rounds(proxies, connections=1)
            verified = counted.rounds([verify])
        difference = counted.difference(prepared)
    return [
        *_rates(at_once),
        results.median(
            "the same ÷ Envoy, no two requests with the same path and headers",
            _ratios(_rate_of("Keyhouse", unlike), _rate_of("Envoy", unlike)),
        ),
        results.median("verify endpoint, requests/s", _rate_of("verify", verified)),
        *_latencies(at_once, f"{CONNECTIONS} callers at once"),
        *_latencies(alone, "one caller"),
        difference,
    ]


class _Counted:
    """Runs rounds, and remembers how many requests of the measured key they made."""

    def __init__(self, cores: Cores, pace: Pace) -> None:
        self._cores = cores
        self._pace = pace
        self._answered = 0
        self._in_flight_max = 0

    def rounds(
        self, targets: Sequence[Target], connections: int = CONNECTIONS
    ) -> list[dict[str, Sample]]:
        """A shorter round to warm up, then those that count."""
        self._run(targets, 1, self._pace.warm_seconds, connections)
        return self._run(targets, self._pace.rounds, self._pace.seconds, connections)

    def difference(self, prepared: gateway.Prepared) -> Row:
        """Booked less answered: what was in flight when wrk hung up, at most."""
        answered = self._answered + _PROBES
        booked = gateway.metered(prepared, self._cores, answered)
        return results.between(
            f"usage booked less the {answered:,} answers counted",
            0,
            self._in_flight_max,
            booked - answered,
        )

    def _run(
        self, targets: Sequence[Target], rounds: int, seconds: int, connections: int
    ) -> list[dict[str, Sample]]:
        core = self._cores.load
        ran = interleaved(
            targets, core=core, rounds=rounds, seconds=seconds, connections=connections
        )
        for samples in ran:
            for name in samples.keys() & _OURS:
                self._answered += samples[name].requests
                self._in_flight_max += connections
        return ran


_OURS = {"Keyhouse", "verify"}
_PROBES = 2
"""Requests of the measured key before the load: one of each of ours."""


def _rates(rounds: Sequence[dict[str, Sample]]) -> list[Row]:
    ours, envoy, nginx = (_rate_of(name, rounds) for name in ("Keyhouse", "Envoy", "nginx"))
    to_nginx = _ratios(ours, nginx)
    return [
        results.at_least(
            "gateway, everything on ÷ Envoy", GATEWAY_TO_ENVOY, _ratios(ours, envoy)
        ),
        results.median("gateway, everything on ÷ nginx without checks", to_nginx),
        results.median("gateway, everything on, requests/s", ours),
        results.median("Envoy, key and rate limit, requests/s", envoy),
        results.median("nginx, no checks, requests/s", nginx),
    ]


def _ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Round by round."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]


def _rate_of(name: str, rounds: Sequence[dict[str, Sample]]) -> list[float]:
    return [samples[name].rate for samples in rounds]


def _latencies(rounds: Sequence[dict[str, Sample]], load: str) -> list[Row]:
    return [
        results.median(
            f"{name}, {load}, p{percent}, µs",
            [getattr(samples[name], f"p{percent}_us") for samples in rounds],
        )
        for name in rounds[0]
        for percent in (50, 99)
    ]


def _decided(cores: Cores) -> list[Row]:
    """What needs no socket: the decision alone, and a request without the kernel."""
    whole = _in_process(cores, "request")
    return [
        results.at_most(
            "decide for a cached key, µs", DECIDE_US, _in_process(cores, "decide")
        ),
        Row("a proxied request in the gateway's own code, µs", whole),
    ]


def _in_process(cores: Cores, name: str) -> float:
    """What a module of the bench measures by itself, in microseconds."""
    pinned = ["taskset", "--cpu-list", str(cores.server), sys.executable]
    ran = subprocess.run(
        [*pinned, "-m", f"bench.{name}", "--json"],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parents[1],
    )
    if ran.returncode:
        raise BenchFailed(f"bench.{name} failed:\n{ran.stderr[-2000:]}")
    return float(json.loads(ran.stdout)["us"])


def _check(envoy: Target, ours: Target, *, nginx: Target, verify: Target) -> None:
    """Each does what is said of it, before it is measured."""
    for target in (envoy, ours, nginx):
        status, body = _answer(target)
        if (status, body) != (200, BODY):
            raise BenchFailed(f"{target.name} answers {status} {body[:200]!r}")
    for target in (envoy, ours):
        for headers in ({}, {"X-API-Key": "kh_sk_test_wrong"}):
            status, _ = _answer(target._replace(headers=headers))
            if status != 401:
                raise BenchFailed(f"{target.name} answers {status} to a wrong key")
    status, body = _answer(verify)
    if status != 200 or json.loads(body)["allowed"] is not True:
        raise BenchFailed(f"verify answers {status} {body[:200]!r}")


def _answer(target: Target) -> tuple[int, bytes]:
    data = target.body.encode() or None
    headers = {**target.headers, "Content-Type": "application/json"}
    request = urllib.request.Request(target.url, data, headers)  # noqa: S310  (http, ours)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310  (as above)
            return response.status, response.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()


if __name__ == "__main__":
    sys.exit(main())
