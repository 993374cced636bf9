"""Places of APIs: a host is one organization's, and each prefix on it one API's."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.entities import ApiHost, HeldHost
from keyhouse.core.validation import Problem
from keyhouse.services.catalog import ApiFields, change_api, delete_api
from keyhouse.services.catalog import hosts as catalog_hosts
from keyhouse.services.refusals import Taken
from keyhouse.services.work import Office
from tests.servers.acme import Acme
from tests.services.issue.test_races import during


@pytest.fixture
def globex(office: Office, database: Database) -> Acme:
    """Another organization of the installation."""
    return Acme(office, database, "globex@example.com")


def places(of: Acme) -> dict[str, str]:
    with of.database.rows.reading() as tx:
        return {row.id: row.api_id for row in tx.find(ApiHost)}


def held(of: Acme) -> dict[str, str]:
    with of.database.rows.reading() as tx:
        return {row.id: row.organization_id for row in tx.find(HeldHost)}


def move(of: Acme, slug: str, *hosts: str) -> None:
    fields: ApiFields = {"hosts": hosts}
    of.write(lambda work: change_api(work, slug, fields))


def told(refused: pytest.ExceptionInfo[Taken]) -> Problem:
    return refused.value.problem


def test_apis_of_one_organization_share_a_host_by_prefixes(acme: Acme) -> None:
    weather = acme.api("weather", hosts=("api.acme.com", "api.acme.com/weather"))
    maps = acme.api("maps", hosts=("api.acme.com/maps", "api.acme.com/weather/v2"))
    assert places(acme) == {
        "api.acme.com": weather,
        "api.acme.com/weather": weather,
        "api.acme.com/weather/v2": maps,
        "api.acme.com/maps": maps,
    }
    assert held(acme) == {"api.acme.com": acme.organization}


def test_a_host_is_free_once_the_last_place_on_it_is_given_up(
    acme: Acme, globex: Acme
) -> None:
    """And not before: with the prefix of one API left, it is still its holder's."""
    acme.api("weather", hosts=("api.acme.com", "b.acme.com/x"))
    acme.api("maps", hosts=("api.acme.com/maps",))
    globex.api("theirs")
    move(acme, "weather")
    assert held(acme) == {"api.acme.com": acme.organization}
    with pytest.raises(Taken):
        move(globex, "theirs", "api.acme.com")
    move(globex, "theirs", "b.acme.com")
    acme.write(lambda work: delete_api(work, "maps"))
    move(globex, "theirs", "b.acme.com", "api.acme.com/maps")
    assert held(acme) == dict.fromkeys(("b.acme.com", "api.acme.com"), globex.organization)


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        ("api.acme.com", "api.acme.com"),
        ("api.acme.com", "api.acme.com/maps"),
        ("api.acme.com/weather", "api.acme.com"),
        ("api.acme.com/weather", "api.acme.com/weather"),
        ("api.acme.com/weather", "api.acme.com/maps"),
        ("*.acme.com/weather", "*.acme.com/maps"),
    ],
)
def test_nobody_learns_or_gets_what_is_on_a_host_that_another_holds(
    acme: Acme, globex: Acme, theirs: str, mine: str
) -> None:
    """The refusal is one and the same, whichever prefixes are in use there."""
    acme.api("weather", hosts=(theirs,))
    globex.api("other")
    before = places(acme), held(acme)
    with pytest.raises(Taken) as refused:
        move(globex, "other", "free.example.org/x", mine)
    assert told(refused) == ("hosts", "is taken already", "choose another")
    assert (places(acme), held(acme)) == before


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        ("*.acme.com/weather", "api.acme.com"),
        ("*.acme.com", "api.acme.com/maps"),
        ("api.acme.com/weather", "*.acme.com/maps"),
    ],
)
def test_stars_and_names_that_belong_together_stay_so_with_prefixes(
    acme: Acme, globex: Acme, theirs: str, mine: str
) -> None:
    acme.api("weather", hosts=(theirs,))
    with pytest.raises(Taken, match="overlaps with another's"):
        globex.api("other", hosts=(mine,))
    acme.api("maps", hosts=(mine,))


def test_who_takes_a_place_of_an_own_api_is_told_which(acme: Acme) -> None:
    acme.api("weather", hosts=("api.acme.com/weather",))
    with pytest.raises(Taken) as refused:
        acme.api("maps", hosts=("api.acme.com/maps", "api.acme.com/weather"))
    field, reason, mend = told(refused)
    assert (field, mend) == ("hosts", "choose another")
    assert reason == "has api.acme.com/weather, which another API has"


def test_a_place_goes_over_from_one_api_to_another_step_by_step(acme: Acme) -> None:
    acme.api("weather", hosts=("api.acme.com/v1", "api.acme.com"))
    maps = acme.api("maps")
    move(acme, "weather", "api.acme.com")
    move(acme, "maps", "api.acme.com/v1")
    assert places(acme)["api.acme.com/v1"] == maps


def test_a_host_has_only_so_many_places(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway holds all those of a host: none may make it hold as many as they like."""
    monkeypatch.setattr(catalog_hosts, "PLACES_MAX", 3)
    acme.api("weather", hosts=("api.acme.com/a", "api.acme.com/b", "other.acme.com"))
    acme.api("maps", hosts=("api.acme.com/c",))
    with pytest.raises(Taken, match="more than 3 places on"):
        acme.api("more", hosts=("api.acme.com/d",))
    move(acme, "weather", "api.acme.com/a")
    acme.api("more", hosts=("api.acme.com/d",))


def test_of_two_organizations_that_take_a_host_at_once_one_has_it(
    acme: Acme, globex: Acme
) -> None:
    """Whichever prefixes they ask for, and however their commands meet."""
    acme.api("weather")
    globex.api("theirs")
    for number in range(4):
        host = f"h{number}.acme.com"

        def take(of: Acme, slug: str, place: str) -> bool:
            try:
                move(of, slug, place)
            except Taken:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            ours = pool.submit(take, acme, "weather", f"{host}/a")
            theirs = pool.submit(take, globex, "theirs", f"{host}/b")
            got = ours.result(), theirs.result()
        assert sum(got) == 1, host
        winner = acme if got[0] else globex
        assert held(acme)[host] == winner.organization


def test_apis_of_one_organization_that_take_a_host_at_once_both_get_their_prefix(
    acme: Acme,
) -> None:
    acme.api("weather")
    acme.api("maps")
    late = during(
        acme,
        lambda work: change_api(work, "weather", {"hosts": ("api.acme.com/weather",)}),
        lambda work: change_api(work, "maps", {"hosts": ("api.acme.com/maps",)}),
    )
    late.result()
    assert set(places(acme)) == {"api.acme.com/weather", "api.acme.com/maps"}


def test_a_host_is_not_let_go_while_another_place_comes_to_be_on_it(acme: Acme) -> None:
    """Else it would be free, with a place on it that leads somewhere."""
    acme.api("weather", hosts=("api.acme.com/weather",))
    acme.api("maps")
    late = during(
        acme,
        lambda work: change_api(work, "weather", {"hosts": ()}),
        lambda work: change_api(work, "maps", {"hosts": ("api.acme.com/maps",)}),
    )
    late.result()
    assert set(places(acme)) == {"api.acme.com/maps"}
    assert held(acme) == {"api.acme.com": acme.organization}


def test_one_place_that_two_apis_take_at_once_is_ones(acme: Acme) -> None:
    acme.api("weather")
    acme.api("maps")
    late = during(
        acme,
        lambda work: change_api(work, "weather", {"hosts": ("api.acme.com/x",)}),
        lambda work: change_api(work, "maps", {"hosts": ("api.acme.com/x",)}),
    )
    with pytest.raises(Taken, match="hosts"):
        late.result()
