"""Finding a key by what one has of it."""

from functools import partial

import pytest

from keyhouse.core.entities import Environment
from keyhouse.services import issue
from keyhouse.services.issue import KeyFilter
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Turn
from tests.servers.acme import Acme


def found(acme: Acme, **wanted: object) -> list[str]:
    where = KeyFilter(**wanted)  # type: ignore[arg-type] # a test's own
    page = acme.read(lambda look: issue.list_keys(look, Turn(), where))
    return [view.key.name for view in page.rows]


def test_a_part_of_name_or_hint_finds_it(acme: Acme) -> None:
    acme.api()
    planner, router = acme.key("Route planner"), acme.key("Ärzte")
    assert found(acme, search="PLAN") == ["Route planner"]
    assert found(acme, search="ärz") == ["Ärzte"]
    assert found(acme, search=router.view.hint[-4:].swapcase()) == ["Ärzte"]
    assert found(acme, search=planner.view.hint) == ["Route planner"]
    assert found(acme, search="nothing like it") == []
    assert found(acme, search="%") == []
    assert found(acme, search="\0") == []


def test_an_old_secrets_hint_finds_it_too(acme: Acme) -> None:
    """What lies in a forgotten file is the secret before the last."""
    acme.api()
    made = acme.key()
    acme.write(lambda work: issue.rotate_key(work, made.view.key.id, 0))
    assert found(acme, search=made.view.hint) == ["Planner"]


def test_search_goes_with_the_other_filters(acme: Acme) -> None:
    weather = acme.api()
    acme.api("maps")
    acme.key("Planner one")
    acme.key("Planner two", environment=Environment.LIVE)
    acme.key("Planner three", api="maps")
    assert found(acme, search="plan", environment="live") == ["Planner two"]
    assert found(acme, search="plan", api="maps") == ["Planner three"]
    assert found(acme, search="two", api=weather) == ["Planner two"]
    assert len(found(acme, search="plan", project=acme.project)) == 3
    assert found(acme, search="plan", project="prj_other") == []


def test_a_whole_secret_finds_its_key_and_no_other(acme: Acme) -> None:
    """Also by a replaced secret; a mistyped one is sought nowhere else."""
    acme.api()
    made = acme.key()
    acme.key("Other")
    acme.write(lambda work: issue.rotate_key(work, made.view.key.id, 0))
    secret = made.issued.secret.reveal()
    assert found(acme, search=f" {secret}\n") == ["Planner"]
    assert found(acme, search=secret, api="weather") == ["Planner"]
    assert found(acme, search=secret, environment="live") == []
    mistyped = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    assert found(acme, search=mistyped) == []
    view = acme.read(lambda look: issue.find_key(look, secret))
    assert view.key.id == made.view.key.id
    for text in (mistyped, "", "kh_sk_\ud800"):
        with pytest.raises(NotFound):
            acme.read(partial(issue.find_key, secret=text))


def test_what_is_anothers_is_not_found(acme: Acme) -> None:
    """A secret tells a stranger nothing, not even that it exists."""
    acme.api()
    made = acme.key()
    stranger = Acme(acme.office, acme.database, "stranger@example.com")
    secret = made.issued.secret.reveal()
    assert found(stranger, search=secret) == []
    assert found(stranger, search=made.view.hint) == []
    with pytest.raises(NotFound):
        stranger.read(lambda look: issue.find_key(look, secret))
