"""Hosts that more than one API share: whose a path is, by its longest prefix."""

from collections.abc import Iterable
from typing import Final, NamedTuple


class Lead(NamedTuple):
    """The slug of an API, and how many segments of the path lead to it."""

    slug: str
    depth: int


NOWHERE: Final = Lead("", 0)


class Prefixes:
    """Where the paths below one host lead.

    `host` is the name or the star that they stand under, `count` how many
    there are. A prefix ends where a segment does: `/v1` leads no `/v10`.
    `token` stands for them where it is remembered what they led to, so that
    they need not be kept for that.
    """

    __slots__ = ("_deepest", "_slugs", "count", "host", "token")

    def __init__(self, host: str, slugs: Iterable[tuple[str, str]]) -> None:
        """`slugs` are prefixes with the slugs of their APIs; '' is the one for all

        paths that no other leads.
        """
        self.host = host
        self.token = object()
        self._slugs = dict(slugs)
        self.count = len(self._slugs)
        self._deepest = max((prefix.count("/") for prefix in self._slugs), default=0)

    def lead(self, path: str) -> Lead:
        """Where a path leads, as `core.paths.plain_path` gives it; `NOWHERE` for none.

        Takes as many looks as the deepest prefix has segments.
        """
        slugs = self._slugs
        found, depth, end = slugs.get("", ""), 0, 0
        for segments in range(1, self._deepest + 1):
            end = path.find("/", end + 1)
            slug = slugs.get(path if end < 0 else path[:end])
            if slug is not None:
                found, depth = slug, segments
            if end < 0:
                break
        return Lead(found, depth)
