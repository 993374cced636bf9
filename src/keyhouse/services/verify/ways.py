"""Ways from secrets to APIs, as they were made."""

from keyhouse.core.records import Line, Part, PartRef


class Held:
    """A part as the cache holds it: read at change `seq`."""

    __slots__ = ("kind", "part", "seq")

    def __init__(self, kind: str, part: Part, seq: int) -> None:
        self.kind = kind
        self.part = part
        self.seq = seq

    @property
    def ref(self) -> PartRef:
        """The part's name."""
        return PartRef(self.kind, self.part.id)


class Way:
    """A cached line, with what it was made from: its key and the other parts.

    `generation` is that of the cache at which they were last seen to hold.
    """

    __slots__ = ("generation", "key", "line", "parts")

    def __init__(
        self, line: Line, key: Held, parts: tuple[Held, ...], generation: int
    ) -> None:
        self.line = line
        self.key = key
        self.parts = parts
        self.generation = generation


class Ways:
    """By the digest of what a caller shows, and the slug of the API.

    Most keys open one API: only for the others there is a table of their slugs.
    """

    __slots__ = ("_by_digest", "count")

    def __init__(self) -> None:
        self._by_digest: dict[bytes, Way | dict[str, Way]] = {}
        self.count = 0

    def __len__(self) -> int:
        """How many secrets and tokens lead anywhere; `count` is that of ways."""
        return len(self._by_digest)

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._by_digest

    def get(self, digest: bytes, slug: str) -> Way | None:
        """The way to that API, whether it still holds or not."""
        kept = self._by_digest.get(digest)
        if isinstance(kept, dict):
            return kept.get(slug)
        return kept if kept is not None and kept.line.api.slug == slug else None

    def keep(self, digest: bytes, way: Way) -> None:
        """Remember a way, in the place of one to the same API."""
        slug = way.line.api.slug
        if self.get(digest, slug) is None:
            self.count += 1
        kept = self._by_digest.get(digest)
        if isinstance(kept, dict):
            kept[slug] = way
        elif kept is None or kept.line.api.slug == slug:
            self._by_digest[digest] = way
        else:
            self._by_digest[digest] = {kept.line.api.slug: kept, slug: way}

    def forget(self, digest: bytes) -> None:
        """Forget all ways of a secret or token."""
        kept = self._by_digest.pop(digest, None)
        if kept is not None:
            self.count -= 1 if isinstance(kept, Way) else len(kept)

    def clear(self) -> None:
        """Forget all of them."""
        self._by_digest.clear()
        self.count = 0
