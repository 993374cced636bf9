"""What each row should come to: at the least, and at best."""

from typing import Final, NamedTuple


class Goal(NamedTuple):
    """A bound that must hold, and one that would be better still."""

    must: float
    stretch: float
    is_least: bool = True

    @property
    def sign(self) -> str:
        """Of the comparison, as text."""
        return ">=" if self.is_least else "<="

    def holds(self, value: float) -> bool:
        """Whether `value` is good enough."""
        return value >= self.must if self.is_least else value <= self.must

    def is_reached(self, value: float) -> bool:
        """Whether it is even as good as was hoped."""
        return value >= self.stretch if self.is_least else value <= self.stretch


TO_ENVOY: Final = "gateway ÷ Envoy, key and rate limit"
TO_NGINX: Final = "gateway ÷ nginx, no checks"
VERIFY_TO_LUA: Final = "verify endpoint ÷ nginx and Lua"
UNDER_CADDY: Final = "Caddy asking Keyhouse ÷ Caddy"
DECIDED_BARE: Final = "decision for a cached key without restrictions and limits, µs"
DECIDED_FULL: Final = "decision for a cached key, every check on, µs"
GUARD_TO_DRF: Final = "guard ÷ djangorestframework-api-key, checks a second"
ADDED_P99: Final = "p99 that the gateway adds at half of its top rate, µs"
SHARED_RATES: Final = "three exact rates on Valkey ÷ in memory, requests/s"
HELD: Final = "memory of a cached key, all that it holds, bytes"
COLD_SQLITE: Final = "cold key among 10,000,000, SQLite, ms"
COLD_POSTGRESQL: Final = "cold key among 10,000,000, PostgreSQL, ms"
REVOKED_HERE: Final = "revocation in force, one machine, p99, ms"
REVOKED_THERE: Final = "revocation in force on three nodes, PostgreSQL, p99, ms"

GOALS: Final = {
    TO_ENVOY: Goal(1.6, 2.2),
    TO_NGINX: Goal(0.5, 0.75),
    VERIFY_TO_LUA: Goal(0.8, 1.3),
    UNDER_CADDY: Goal(0.7, 0.9),
    DECIDED_BARE: Goal(3, 2, is_least=False),
    DECIDED_FULL: Goal(6, 4, is_least=False),
    GUARD_TO_DRF: Goal(100, 300),
    ADDED_P99: Goal(1000, 500, is_least=False),
    SHARED_RATES: Goal(0.35, 0.6),
    HELD: Goal(1200, 600, is_least=False),
    COLD_SQLITE: Goal(1, 0.5, is_least=False),
    COLD_POSTGRESQL: Goal(2, 1, is_least=False),
    REVOKED_HERE: Goal(100, 20, is_least=False),
    REVOKED_THERE: Goal(1000, 100, is_least=False),
}
