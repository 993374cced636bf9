"""All that goes over sockets, running side by side: Keyhouse, its peers, the upstream."""

import contextlib
import json
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import gateway, peers, results
from bench.asking import answer, refuse_strangers
from bench.due import Due, due_in_parts
from bench.load import CONNECTIONS, Sample, Target, interleaved
from bench.pace import Pace
from bench.peers import Peer, caddy, envoy, haproxy, nginx, traefik
from bench.processes import BenchFailed, Cores
from bench.results import Row
from bench.upstream import BODY

CROWD = 1000
"""So many keys call where many call."""
QUICK_PEERS = (
    envoy.ENVOY,
    nginx.BARE,
    nginx.LUA,
    caddy.BARE,
    caddy.ASKING,
    caddy.ASKING_NOBODY,
)
FULL_PEERS = (*QUICK_PEERS, haproxy.HAPROXY, traefik.BARE, traefik.ASKING)
WARM_SECONDS = 1
"""Of an open-loop run, before what is measured."""
_PROBES = 3
"""Requests of the measured key before the load: one to each gateway, one to verify."""


class Rounds:
    """Has targets take turns, and remembers how many requests of one key that made."""

    def __init__(self, cores: Cores, pace: Pace) -> None:
        self.cores = cores
        self.pace = pace
        self._answered = _PROBES
        self._in_flight_max = 0

    def run(
        self,
        targets: Sequence[Target],
        connections: int = CONNECTIONS,
        warm_seconds: int | None = None,
        rounds: int | None = None,
    ) -> list[dict[str, Sample]]:
        """A round to warm up, then those that count."""
        pace = self.pace
        if pace.is_full and warm_seconds is None:
            warm_seconds = pace.warm_seconds
        if warm_seconds:
            self.warm(targets, warm_seconds, connections)
        return self._run(targets, rounds or pace.rounds, pace.seconds, connections)

    def warm(
        self, targets: Sequence[Target], seconds: int = 1, connections: int = CONNECTIONS
    ) -> None:
        """A round that does not count."""
        self._run(targets, 1, seconds, connections)

    def due(self, target: Target, rate: float) -> tuple[Due, Due]:
        """An open-loop run: its first second, in which connections are opened and what

        a pause has let go of is fetched again, and what comes after it.
        """
        parts = (WARM_SECONDS, self.pace.seconds)
        first, then = due_in_parts(target, core=self.cores.load, rate=rate, seconds=parts)
        if _is_counted(target):
            self._answered += sum(int(rate * seconds) for seconds in parts)
        return first, then

    def difference(self, prepared: gateway.Prepared) -> Row:
        """Booked less answered: what was in flight when wrk hung up, at most."""
        booked = gateway.metered(prepared, self.cores, self._answered)
        return results.between(
            f"usage booked less the {self._answered:,} answers counted",
            0,
            self._in_flight_max,
            booked - self._answered,
        )

    def _run(
        self, targets: Sequence[Target], rounds: int, seconds: int, connections: int
    ) -> list[dict[str, Sample]]:
        ran = interleaved(
            targets,
            core=self.cores.load,
            rounds=rounds,
            seconds=seconds,
            connections=connections,
        )
        for samples in ran:
            for target in filter(_is_counted, targets):
                self._answered += samples[target.name].requests
                self._in_flight_max += connections
        return ran


def _is_counted(target: Target) -> bool:
    """Whether it is sent the one key whose usage is compared."""
    return target.name in ("Keyhouse", "verify") and not target.keys


class Scene(NamedTuple):
    """Targets by name; `straight` is the upstream with nothing before it."""

    rounds: Rounds
    prepared: gateway.Prepared
    ours: gateway.Gateway
    straight: Target
    peers: dict[str, Target]

    def named(self, *chosen: Peer) -> list[Target]:
        """Those of them that run, each with one caller's key."""
        there = [self.peers[one.name] for one in chosen if one.name in self.peers]
        return [one.alone for one in there]


@contextlib.contextmanager
def scene(cores: Cores, pace: Pace, folder: Path) -> Generator[Scene]:
    """Everything started, and seen to do what is said of it."""
    chosen = FULL_PEERS if pace.is_full else QUICK_PEERS
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(peers.upstream(cores))
        # With a body, which Caddy does not read, each answer would cost a connection.
        answering = peers.trivial("a server to ask", cores.server, "--empty")
        nobody = stack.enter_context(answering)
        crowd = CROWD if pace.is_full else 0
        prepared = gateway.prepare(folder / "house", cores, upstream, crowd=crowd)
        ours = stack.enter_context(gateway.gateway(prepared, cores.server))
        trusting = gateway.gateway(prepared, cores.server, more=gateway.TRUSTING)
        asked = stack.enter_context(trusting)
        secret = prepared.asked_secret
        asking_us = peers.Around(upstream, asked.port, (asked.pid,), secret)
        asking_nobody = peers.Around(upstream, nobody[0], (nobody[1],), secret)
        running = {}
        for peer in chosen:
            around = asking_nobody if peer is caddy.ASKING_NOBODY else asking_us
            target = stack.enter_context(peers.started(peer, cores, folder, around))
            running[peer.name] = target
            check(peer, target)
        _check_verify(ours.verify())
        refuse_strangers(ours.proxy())
        straight = Target("straight", f"http://127.0.0.1:{upstream}/", {})
        yield Scene(Rounds(cores, pace), prepared, ours, straight, running)


def check(peer: Peer, target: Target) -> None:
    """Raises BenchFailed unless it passes the upstream's answer on, and no stranger."""
    told = answer(target)
    if told != (200, BODY):
        raise BenchFailed(f"{target.name} answers {told!r}")
    if peer.checks_keys or (peer.asks and peer is not caddy.ASKING_NOBODY):
        refuse_strangers(target)


def _check_verify(target: Target) -> None:
    status, body = answer(target)
    if status != 200 or json.loads(body)["allowed"] is not True:
        raise BenchFailed(f"verify answers {status} {body[:200]!r}")
