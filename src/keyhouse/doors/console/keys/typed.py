"""What was typed into a form, kept as it was so that a refused form shows it again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of a form; a name that came twice has several values."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, object]]) -> "Typed":
        """From a form's pairs in their order; a file is no text and is left out."""
        fields: dict[str, list[str]] = {}
        for name, value in pairs:
            if isinstance(value, str):
                fields.setdefault(name, []).append(value)
        return cls(fields)

    def text(self, name: str, default: str = "") -> str:
        """The field's value without the spaces around it."""
        values = self.fields.get(name)
        return values[0].strip() if values else default

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a field, in order."""
        return tuple(self.fields.get(name, ()))

    def lines(self, name: str) -> tuple[str, ...]:
        """The lines of a text that hold something, each without spaces around it."""
        return tuple(line.strip() for line in self.raw(name).splitlines() if line.strip())

    def raw(self, name: str) -> str:
        """The field's value to the letter, as a text area shows it again."""
        values = self.fields.get(name)
        return values[0] if values else ""

    def has(self, name: str, value: str) -> bool:
        """Whether the field was given that value, as a ticked box is."""
        return value in self.fields.get(name, ())

    @property
    def first(self) -> dict[str, str]:
        """The first value of each field, for readers that know but one."""
        return {name: values[0] for name, values in self.fields.items() if values}
