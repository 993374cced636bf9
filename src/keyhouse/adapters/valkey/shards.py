"""Which node counts for an organization, and whether that node answers."""

from typing import Any, Final

from valkey.exceptions import SlotNotCoveredError

from keyhouse.adapters.valkey.breaker import Breaker

_ANY: Final = ""
"""The one node where there is no cluster, and whoever it is before the layout is known."""


class Shards:
    """A breaker for each node: one that is away keeps nobody from asking the others."""

    def __init__(self) -> None:
        self._breakers: dict[str, Breaker] = {_ANY: Breaker()}
        self._cluster: Any = None

    def are_of(self, cluster: Any) -> None:  # noqa: ANN401 - its client has no types
        """From now on the nodes are those that the client of a cluster knows."""
        self._cluster = cluster

    @property
    def is_answered(self) -> bool:
        """Whether each node answered when it was last asked."""
        nodes = self._nodes()
        return all(one.is_closed for name, one in self._breakers.items() if name in nodes)

    def breaker(self, organization: str) -> Breaker:
        """That of the node where the organization's counters are by now."""
        node = self._node(organization)
        found = self._breakers.get(node)
        if found is None:
            # Nodes come and go: those that have gone are forgotten.
            for name in self._breakers.keys() - self._nodes():
                del self._breakers[name]
            found = self._breakers[node] = Breaker()
        return found

    def _node(self, organization: str) -> str:
        if self._cluster is None:
            return _ANY
        try:
            name: str = self._cluster.get_node_from_key(organization).name
        except SlotNotCoveredError:
            return _ANY
        return name

    def _nodes(self) -> set[str]:
        if self._cluster is None:
            return {_ANY}
        return {one.name for one in self._cluster.get_primaries()} or {_ANY}
