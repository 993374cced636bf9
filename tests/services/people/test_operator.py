"""What is done for people on the machine itself."""

import pytest

from keyhouse.services.people import BadTicket
from keyhouse.services.refusals import Invalid, NotFound, Taken
from tests.services.people.conftest import ADDRESS, AGENT, PASSWORD, URL, World

EMAIL = "ada@example.org"


def _ticket(link: str) -> str:
    start = f"{URL}/reset?ticket="
    assert link.startswith(start)
    return link.removeprefix(start)


def test_somebody_added_sets_a_password_by_a_link(world: World) -> None:
    """The way in where nobody can sign up."""
    person = world.desk.add_person(f" {EMAIL.upper()}")
    assert (person.email, person.name) == (EMAIL, "ada")
    assert not world.desk.has_password(EMAIL)
    world.clock.pass_seconds(1)
    link = world.desk.reset_link(EMAIL)
    world.clock.pass_seconds(86_399)
    world.desk.reset(_ticket(link), PASSWORD, ADDRESS)
    assert world.desk.has_password(EMAIL)
    signed = world.desk.session(world.desk.log_in(EMAIL, PASSWORD, ADDRESS, AGENT).token)
    assert signed is not None
    assert signed.memberships == ()


def test_a_link_of_yesterday_is_over(world: World) -> None:
    world.desk.add_person(EMAIL)
    link = world.desk.reset_link(EMAIL)
    world.clock.pass_seconds(86_400)
    with pytest.raises(BadTicket):
        world.desk.reset(_ticket(link), PASSWORD, ADDRESS)


def test_who_is_known_is_not_added_again(world: World) -> None:
    world.join(EMAIL)
    with pytest.raises(Taken):
        world.desk.add_person(EMAIL)
    with pytest.raises(Invalid):
        world.desk.add_person("nobody")


def test_who_is_unknown_or_switched_off_gets_no_link(world: World) -> None:
    with pytest.raises(NotFound):
        world.desk.reset_link(EMAIL)
    world.join(EMAIL)
    world.desk.switch_person(EMAIL, disabled=True)
    with pytest.raises(Taken):
        world.desk.reset_link(EMAIL)


def test_all_are_listed_with_their_roles(world: World) -> None:
    world.join(EMAIL)
    world.desk.add_person("late@example.org")
    ada, late = sorted(world.desk.people(), key=lambda known: known.person.email)
    assert ada.roles[0].endswith("=owner")
    assert late.roles == ()
