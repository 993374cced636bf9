"""The gateway beside its peers: rates, CPU, memory, unlike requests, connections."""

from collections.abc import Sequence
from dataclasses import replace

from bench import goals, results
from bench.due import once
from bench.load import Sample, Target
from bench.peers import caddy, envoy, haproxy, nginx, traefik
from bench.processes import spent
from bench.results import Row
from bench.scene import Scene

Samples = Sequence[dict[str, Sample]]
CONNECTIONS = (1, 16, 256, 1000)
WARM_PER_SECOND = 300
ROUNDS_MAX = 3
"""Of each number of connections."""
_POST = '{"page": @N@}'
_CHECKING = (envoy.ENVOY, nginx.LUA, haproxy.HAPROXY)
_RATES = "Requests a second, 64 connections"
_CPU = "CPU for a request, µs"
_MEMORY = "Memory after that load, MiB"
_UNLIKE = "Unlike requests"
_KEYS = "A thousand keys call in turn"
_CONNECTIONS = "Connections"


def at_once(scene: Scene) -> tuple[list[Row], Samples]:
    """The same request again and again; the rows, and what was seen."""
    every = [one.alone for one in scene.peers.values()]
    ours, verify = scene.ours.proxy().alone, scene.ours.verify()
    # Ours begins with small leases, and remembers nobody's head.
    scene.rounds.warm([ours, verify])
    ran = scene.rounds.run([ours, verify, *every])
    return [
        *_goals(ran),
        *_part(_RATES, [results.median(name, rate_of(name, ran)) for name in ran[0]]),
        *_part(_CPU, [_cpu(name, ran) for name in ran[0]]),
        *_part(_MEMORY, [_memory(one) for one in (ours, *every)]),
    ], ran


def _goals(ran: Samples) -> list[Row]:
    pairs = [
        (goals.TO_ENVOY, "Keyhouse", envoy.ENVOY.name),
        (goals.TO_NGINX, "Keyhouse", nginx.BARE.name),
        (goals.VERIFY_TO_LUA, "verify", nginx.LUA.name),
        (goals.UNDER_CADDY, caddy.ASKING.name, caddy.BARE.name),
    ]
    compared = [
        ("gateway ÷ nginx and Lua, key and one counter", "Keyhouse", nginx.LUA.name),
        ("gateway ÷ HAProxy, map and stick table", "Keyhouse", haproxy.HAPROXY.name),
        (
            "Caddy asking a server that checks nothing ÷ Caddy",
            caddy.ASKING_NOBODY.name,
            caddy.BARE.name,
        ),
        (
            "Caddy asking Keyhouse ÷ Caddy asking a server that checks nothing",
            caddy.ASKING.name,
            caddy.ASKING_NOBODY.name,
        ),
        ("Traefik asking Keyhouse ÷ Traefik", traefik.ASKING.name, traefik.BARE.name),
    ]
    return [*_ratios_of(pairs, ran), *_part("Ratios", _ratios_of(compared, ran))]


def unlike(scene: Scene) -> list[Row]:
    """No two requests with the same path and headers; then bodies; and verify's."""
    ours, verify = scene.ours.proxy().alone, scene.ours.verify_varied()
    checking = scene.named(*_CHECKING)
    others = scene.named(nginx.BARE) if scene.rounds.pace.is_full else []
    varied = [_varied(one) for one in (ours, *checking, *others)]
    ran = scene.rounds.run([*varied, verify])
    pairs = [
        (f"{goals.TO_ENVOY}, unlike paths and headers", "Keyhouse", envoy.ENVOY.name),
        (f"{goals.TO_NGINX}, unlike paths and headers", "Keyhouse", nginx.BARE.name),
        (f"{goals.VERIFY_TO_LUA}, unlike bodies and paths", "verify", nginx.LUA.name),
    ]
    rows = [
        *_ratios_of(pairs, ran),
        *_each("requests/s with unlike requests", ran),
        *[_cpu(name, ran, ", unlike") for name in ran[0]],
    ]
    if scene.rounds.pace.is_full:
        posts = [_varied(one)._replace(body=_POST) for one in (ours, *checking)]
        posted = scene.rounds.run(posts)
        pair = (f"{goals.TO_ENVOY}, POSTs of unlike bodies", "Keyhouse", envoy.ENVOY.name)
        rows += _ratios_of([pair], posted)
        rows += _each("requests/s of POSTs of unlike bodies", posted)
    return _part(_UNLIKE, rows)


def many_keys(scene: Scene) -> list[Row]:
    """Each request with another key than the one before; a quota on each of ours,

    and then on none: a quota is leased from the database before it is spent.
    """
    ours, verify = scene.ours.proxy(), scene.ours.verify_crowd()
    unmetered = scene.ours.proxy_unmetered()
    known = [scene.peers[one.name] for one in _CHECKING if one.name in scene.peers]
    for target in (unmetered, ours):
        once(target, core=scene.rounds.cores.load, rate=WARM_PER_SECOND)
    ran = scene.rounds.run([unmetered, ours, *known, verify])
    pairs = [
        (f"{goals.TO_ENVOY}, a thousand keys", "Keyhouse", envoy.ENVOY.name),
        (
            f"{goals.TO_ENVOY}, a thousand keys without quotas",
            unmetered.name,
            envoy.ENVOY.name,
        ),
        (f"{goals.VERIFY_TO_LUA}, a thousand keys", "verify", nginx.LUA.name),
    ]
    rows = [*_ratios_of(pairs, ran), *_each("requests/s, a thousand keys", ran)]
    return _part(_KEYS, [*rows, *[_cpu(name, ran, ", a thousand keys") for name in ran[0]]])


def connections(scene: Scene) -> list[Row]:
    """From one caller to a thousand."""
    targets = [scene.ours.proxy().alone, *scene.named(envoy.ENVOY, nginx.BARE)]
    rows: list[Row] = []
    for count in CONNECTIONS:
        ran = scene.rounds.run(targets, count, warm_seconds=1, rounds=ROUNDS_MAX)
        rows += _each(f"requests/s with {count:,} connections", ran)
    return _part(_CONNECTIONS, rows)


def rate_of(name: str, ran: Samples) -> list[float]:
    """Of each round."""
    return [samples[name].rate for samples in ran]


def _varied(target: Target) -> Target:
    return target._replace(varied=True)


def _ratios_of(pairs: Sequence[tuple[str, str, str]], ran: Samples) -> list[Row]:
    """Round by round, of those that ran."""
    return [
        results.median(
            what,
            [
                mine / other
                for mine, other in zip(rate_of(one, ran), rate_of(by, ran), strict=True)
            ],
        )
        for what, one, by in pairs
        if one in ran[0] and by in ran[0]
    ]


def _each(what: str, ran: Samples) -> list[Row]:
    return [results.median(f"{name}, {what}", rate_of(name, ran)) for name in ran[0]]


def _cpu(name: str, ran: Samples, more: str = "") -> Row:
    what = f"{name}{more}, CPU µs a request" if more else name
    return results.median(what, [samples[name].cpu_us for samples in ran])


def _memory(target: Target) -> Row:
    held = spent(target.serving, memory=True).resident_bytes
    return results.single(target.name, held / 2**20)


def _part(part: str, rows: Sequence[Row]) -> list[Row]:
    return [replace(row, part=part) for row in rows]
