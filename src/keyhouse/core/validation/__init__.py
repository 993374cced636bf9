"""Whether values that people give may be kept, and how to mend those that may not.

Every check takes the field's name as the giver knows it, and returns the
problems in a list, empty where there are none. Lists name the item:
`limits.0.amount`.
"""

from keyhouse.core.validation.hosts import check_hosts
from keyhouse.core.validation.limits import (
    AMOUNT_MAX,
    LIMITS_MAX,
    REFILL_SECONDS_MAX,
    KnowsZone,
    check_limit,
    check_limits,
    check_zone,
)
from keyhouse.core.validation.places import (
    COST_MAX,
    PATTERN_LENGTH_MAX,
    WILDCARDS_MAX,
    check_apps,
    check_cors_origins,
    check_endpoints,
    check_key_header,
    check_networks,
    check_query_parameter,
    check_referrers,
    check_restrictions,
    check_route,
    check_upstream,
    check_upstreams,
)
from keyhouse.core.validation.problem import (
    ENTRIES_MAX,
    Problem,
    check_items,
    check_number,
)
from keyhouse.core.validation.rotation import check_overlap, check_schedule
from keyhouse.core.validation.scopes import (
    check_api_roles,
    check_entry,
    check_held_roles,
    check_needs,
    check_role_name,
    check_scopes,
)
from keyhouse.core.validation.texts import (
    METADATA_BYTES_MAX,
    METADATA_DEPTH_MAX,
    NAME_LENGTH_MAX,
    RESERVED_SLUGS,
    TEXT_LENGTH_MAX,
    TIME_US_MAX,
    check_email,
    check_environment,
    check_key_environment,
    check_metadata,
    check_name,
    check_slug,
    check_tags,
    check_text,
    check_times,
    is_slug,
)
from keyhouse.core.validation.upstream_headers import (
    check_upstream_header,
    check_upstream_header_name,
)
from keyhouse.core.validation.webhooks import check_event_kinds, check_webhook_url

__all__ = [
    "AMOUNT_MAX",
    "COST_MAX",
    "ENTRIES_MAX",
    "LIMITS_MAX",
    "METADATA_BYTES_MAX",
    "METADATA_DEPTH_MAX",
    "NAME_LENGTH_MAX",
    "PATTERN_LENGTH_MAX",
    "REFILL_SECONDS_MAX",
    "RESERVED_SLUGS",
    "TEXT_LENGTH_MAX",
    "TIME_US_MAX",
    "WILDCARDS_MAX",
    "KnowsZone",
    "Problem",
    "check_api_roles",
    "check_apps",
    "check_cors_origins",
    "check_email",
    "check_endpoints",
    "check_entry",
    "check_environment",
    "check_event_kinds",
    "check_held_roles",
    "check_hosts",
    "check_items",
    "check_key_environment",
    "check_key_header",
    "check_limit",
    "check_limits",
    "check_metadata",
    "check_name",
    "check_needs",
    "check_networks",
    "check_number",
    "check_overlap",
    "check_query_parameter",
    "check_referrers",
    "check_restrictions",
    "check_role_name",
    "check_route",
    "check_schedule",
    "check_scopes",
    "check_slug",
    "check_tags",
    "check_text",
    "check_times",
    "check_upstream",
    "check_upstream_header",
    "check_upstream_header_name",
    "check_upstreams",
    "check_webhook_url",
    "check_zone",
    "is_slug",
]
