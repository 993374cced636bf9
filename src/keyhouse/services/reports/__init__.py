"""Reports: what was counted, read back."""

from keyhouse.core.latency import percentile_us
from keyhouse.core.steps import Step
from keyhouse.services.reports.activity import (
    HOURS,
    KeyActivity,
    api_tallies,
    calls_in_last_hour,
    calls_of_projects,
    key_activity,
)
from keyhouse.services.reports.alerts import AlertFilter, alerts_of_key, list_alerts
from keyhouse.services.reports.figures import KeyReport, Point, Span, report_key
from keyhouse.services.reports.left import LimitLeft, limits_left, limits_of
from keyhouse.services.reports.log import (
    REFUSED,
    RequestFilter,
    RequestView,
    get_project_request,
    list_project_requests,
)
from keyhouse.services.reports.needs import ALERT_US, KeyNeed, Need
from keyhouse.services.reports.networks import networks_of_key
from keyhouse.services.reports.overview import (
    ApiSums,
    Hour,
    Overview,
    Sums,
    overview,
)
from keyhouse.services.reports.queries import (
    GROUPS,
    READ_REQUESTS,
    READ_USAGE,
    USAGE_ROWS_MAX,
    UsageWish,
    list_requests,
    list_usage,
    report_usage,
)
from keyhouse.services.reports.sold import SubscriptionLimits, subscription_limits
from keyhouse.services.reports.strangers import (
    HourOfStrangers,
    Network,
    Strangers,
    UnknownKeysWish,
    unknown_keys,
)
from keyhouse.services.reports.users import UserRow, UsersWish, report_users

__all__ = [
    "ALERT_US",
    "GROUPS",
    "HOURS",
    "READ_REQUESTS",
    "READ_USAGE",
    "REFUSED",
    "USAGE_ROWS_MAX",
    "AlertFilter",
    "ApiSums",
    "Hour",
    "HourOfStrangers",
    "KeyActivity",
    "KeyNeed",
    "KeyReport",
    "LimitLeft",
    "Need",
    "Network",
    "Overview",
    "Point",
    "RequestFilter",
    "RequestView",
    "Span",
    "Step",
    "Strangers",
    "SubscriptionLimits",
    "Sums",
    "UnknownKeysWish",
    "UsageWish",
    "UserRow",
    "UsersWish",
    "alerts_of_key",
    "api_tallies",
    "calls_in_last_hour",
    "calls_of_projects",
    "get_project_request",
    "key_activity",
    "limits_left",
    "limits_of",
    "list_alerts",
    "list_project_requests",
    "list_requests",
    "list_usage",
    "networks_of_key",
    "overview",
    "percentile_us",
    "report_key",
    "report_usage",
    "report_users",
    "subscription_limits",
    "unknown_keys",
]
