"""The catalog: what is protected (APIs and their routes), and who calls it."""

from keyhouse.services.catalog.applications import (
    ApplicationChanges,
    add_application,
    change_application,
    check_application,
    create_application,
    delete_application,
)
from keyhouse.services.catalog.commands import (
    ApiFields,
    change_api,
    create_api,
    delete_api,
)
from keyhouse.services.catalog.queries import (
    READ_APIS,
    READ_APPLICATIONS,
    WRITE_APIS,
    WRITE_APPLICATIONS,
    find_api,
    get_api,
    get_application,
    get_route,
    home_project,
    list_apis,
    list_applications,
    list_routes,
    reached_api,
)
from keyhouse.services.catalog.routes import (
    RouteFields,
    change_route,
    create_route,
    delete_route,
)
from keyhouse.services.catalog.upstream_headers import (
    delete_upstream_header,
    get_upstream_header,
    list_upstream_headers,
    set_upstream_header,
)

__all__ = [
    "READ_APIS",
    "READ_APPLICATIONS",
    "WRITE_APIS",
    "WRITE_APPLICATIONS",
    "ApiFields",
    "ApplicationChanges",
    "RouteFields",
    "add_application",
    "change_api",
    "change_application",
    "change_route",
    "check_application",
    "create_api",
    "create_application",
    "create_route",
    "delete_api",
    "delete_application",
    "delete_route",
    "delete_upstream_header",
    "find_api",
    "get_api",
    "get_application",
    "get_route",
    "get_upstream_header",
    "home_project",
    "list_apis",
    "list_applications",
    "list_routes",
    "list_upstream_headers",
    "reached_api",
    "set_upstream_header",
]
