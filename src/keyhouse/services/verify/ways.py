"""Ways from secrets to APIs, as they were made."""

from keyhouse.core.records import Found, Line, Part, PartRef


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

    Of a secret it is known at first only where it leads, as `Found`; once there is a
    way, that tells it too. Most keys open one API: only for the others there is a
    table of their slugs.
    """

    __slots__ = ("_by_digest", "count")

    def __init__(self) -> None:
        self._by_digest: dict[bytes, Found | Way | dict[str, Way]] = {}
        self.count = 0

    def __len__(self) -> int:
        """How many secrets and tokens lead anywhere; `count` is that of ways."""
        return len(self._by_digest)

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._by_digest

    def get(self, digest: bytes, slug: str) -> Way | None:
        """The way to that API, whether it still holds or not."""
        kept = self._by_digest.get(digest)
        if isinstance(kept, Way):
            return kept if kept.line.api.slug == slug else None
        return kept.get(slug) if isinstance(kept, dict) else None

    def found(self, digest: bytes) -> Found | None:
        """Where a secret leads."""
        kept = self._by_digest.get(digest)
        if isinstance(kept, dict):
            kept = next(iter(kept.values()))
        return (
            Found(kept.key.part.id, kept.line.secret.id) if isinstance(kept, Way) else kept
        )

    def keep_found(self, digest: bytes, found: Found) -> None:
        """Remember where a secret leads, in the place of ways that it had."""
        kept = self._by_digest.get(digest)
        if kept is not None:
            self.count -= len(kept) if isinstance(kept, dict) else isinstance(kept, Way)
        self._by_digest[digest] = found

    def keep(self, digest: bytes, way: Way) -> None:
        """Remember a way, in the place of one to the same API."""
        slug = way.line.api.slug
        if self.get(digest, slug) is None:
            self.count += 1
        kept = self._by_digest.get(digest)
        if isinstance(kept, dict):
            kept[slug] = way
        elif isinstance(kept, Way) and kept.line.api.slug != slug:
            self._by_digest[digest] = {kept.line.api.slug: kept, slug: way}
        else:
            self._by_digest[digest] = way

    def oldest(self) -> bytes:
        """What was taken in first. Raises StopIteration where there is nothing."""
        return next(iter(self._by_digest))

    def forget(self, digest: bytes) -> None:
        """Forget all ways of a secret or token, and where it leads."""
        kept = self._by_digest.pop(digest, None)
        if isinstance(kept, Way):
            self.count -= 1
        elif isinstance(kept, dict):
            self.count -= len(kept)

    def clear(self) -> None:
        """Forget all of them."""
        self._by_digest.clear()
        self.count = 0
