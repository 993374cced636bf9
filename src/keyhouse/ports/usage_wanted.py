"""What is asked of usage."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from keyhouse.core.grains import Cut


class UsageWanted(NamedTuple):
    """Sums by step, by `group_by` and verdict, of what an organization provides and

    consumes. Groups and filters are among key, api, application, environment and
    route; filters may name the verdict as well, and several values mean any of
    them. What was used is also told apart by `api_project` and `application_project`,
    '' where that is gone. `core.grains` and `core.steps` make cuts.
    """

    organization_id: str
    cuts: Sequence[Cut]
    group_by: Sequence[str]
    equals: Mapping[str, str | Sequence[str]]
