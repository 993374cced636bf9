"""What every page works with; one for each app."""

from dataclasses import dataclass

from jinja2 import Environment

from keyhouse.doors.console.config import ConsoleConfig
from keyhouse.services.people import PeopleDesk
from keyhouse.services.work import Office


@dataclass(frozen=True, slots=True)
class Desk:
    """The services, the settings and the templates."""

    office: Office
    people: PeopleDesk
    config: ConsoleConfig
    templates: Environment
