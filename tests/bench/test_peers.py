"""Each peer starts with its committed configuration, and does what is said of it."""

import os
from collections.abc import Iterator

import pytest

from bench import scene
from bench.asking import answer
from bench.due import due
from bench.pace import FULL
from bench.peers import KEYS, PEERS
from bench.processes import Cores, spent


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[scene.Scene]:
    """All of them, Keyhouse too: starting it asks each for an answer and a refusal."""
    usable = sorted(os.sched_getaffinity(0))
    cores = Cores(usable[0], usable[-1])
    pace = FULL._replace(rounds=1, seconds=1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scene, "CROWD", 20)
        with scene.scene(cores, pace, tmp_path_factory.mktemp("scene")) as made:
            yield made


def test_all_peers_run(running: scene.Scene) -> None:
    """What is not started is not measured, and a row would be missing."""
    assert set(running.peers) == {peer.name for peer in PEERS}
    assert {peer.name for peer in scene.FULL_PEERS} == set(running.peers)


def test_who_checks_keys_knows_all_that_call(running: scene.Scene) -> None:
    for peer in PEERS:
        target = running.peers[peer.name]
        assert tuple(target.keys) == (KEYS if peer.checks_keys else ())
        if peer.checks_keys:
            headers = {"X-API-Key": KEYS[-1]}
            assert answer(target, headers)[0] == 200, peer.name


def test_each_answers_an_even_load_and_what_it_takes_is_known(
    running: scene.Scene,
) -> None:
    core = running.rounds.cores.load
    ours = [running.ours.proxy().alone, running.ours.verify_varied()]
    for target in (*running.peers.values(), *ours):
        told = due(target, core=core, rate=100, seconds=0.1, connections=2)
        assert 0 < told.p50_us <= told.p99_us <= told.max_us
        assert spent(target.serving, memory=True).resident_bytes > 2**20, target.name
    assert spent(ours[0].serving).cpu_seconds > 0


def test_keys_of_a_crowd_open_the_gateway_and_are_known_to_verify(
    running: scene.Scene,
) -> None:
    core = running.rounds.cores.load
    ours = running.ours
    for target in (ours.proxy(), ours.verify_crowd(), ours.proxy_unmetered()):
        assert len(set(target.keys)) == scene.CROWD
        some = target._replace(keys=target.keys[:5])
        assert due(some, core=core, rate=50, seconds=0.2, connections=1).max_us > 0
