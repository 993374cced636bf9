"""The kinds that there are, in the order in which they can be made."""

from typing import Final

from keyhouse.services.declare.kinds import Kind
from keyhouse.services.declare.kinds_of_apis import APIS
from keyhouse.services.declare.kinds_of_callers import APPLICATIONS, CUSTOMERS
from keyhouse.services.declare.kinds_of_keys import KEYS
from keyhouse.services.declare.kinds_of_plans import PLANS
from keyhouse.services.declare.kinds_of_projects import PROJECTS
from keyhouse.services.declare.kinds_of_subscriptions import SUBSCRIPTIONS
from keyhouse.services.declare.kinds_of_webhooks import WEBHOOKS

KINDS: Final[tuple[Kind, ...]] = (
    PROJECTS,
    APIS,
    PLANS,
    CUSTOMERS,
    APPLICATIONS,
    SUBSCRIPTIONS,
    KEYS,
    WEBHOOKS,
)
SECTIONS: Final = tuple(kind.section for kind in KINDS)
