"""What a gateway knows of hosts and their prefixes, whatever strangers ask for."""

import random

from keyhouse.core.prefixes import Prefixes
from keyhouse.services.verify.hosts import HOSTS_MAX, PREFIXES_MAX, HostIndex


def prefixes(host: str, count: int = 2) -> Prefixes:
    return Prefixes(host, ((f"/{number}", "weather") for number in range(count)))


def test_names_below_a_star_have_its_prefixes_in_common() -> None:
    """Any stranger makes such names up: they must not multiply what is held."""
    index = HostIndex()
    for number in range(2 * HOSTS_MAX):
        index.keep(f"x{number}.example.com", prefixes("*.example.com"))
    assert len(index) == HOSTS_MAX
    assert index._prefixes == 2
    first, second = (index.lead(f"x{2 * HOSTS_MAX - n}.example.com") for n in (1, 2))
    assert first is second is not None


def test_all_prefixes_together_are_bounded_and_the_longest_unused_go() -> None:
    index = HostIndex()
    for number in range(3 * PREFIXES_MAX // 500):
        index.keep(f"x{number}.example", prefixes(f"x{number}.example", 500))
        assert index.lead("x0.example") is not None
    assert index._prefixes <= PREFIXES_MAX
    assert index._prefixes == 500 * len(index) == 500 * len(index._shared)
    assert index.lead("x1.example") is None


def test_what_is_counted_is_what_is_there() -> None:
    """However names come, come again, and go: nothing is held for a name forgotten."""
    draw = random.Random(7)
    index = HostIndex()
    for _ in range(20_000):
        star = f"*.s{draw.randrange(40)}.example"
        name = star.replace("*", f"n{draw.randrange(3000)}")
        leads: list[str | Prefixes] = ["", "maps", prefixes(star, 300)]
        index.keep(name, draw.choice(leads))
        if draw.random() < 0.0005:
            index.changed()
            assert index.lead(name) is None
    leading = [one for one in index._leads.values() if isinstance(one, Prefixes)]
    assert {one.host for one in leading} == set(index._shared) == set(index._names)
    assert sum(index._names.values()) == len(leading)
    assert index._prefixes == 300 * len(index._shared)


def test_a_host_that_changed_leaves_nothing_of_it_behind() -> None:
    index = HostIndex()
    index.keep("a.example.com", prefixes("*.example.com"))
    index.changed()
    new = prefixes("*.example.com", 3)
    index.keep("a.example.com", new)
    assert index.lead("a.example.com") is new
    assert index._prefixes == 3
