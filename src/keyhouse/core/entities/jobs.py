"""What workers do on their own, and which of them does it now."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job of the installation's workers; `id` is its name.

    `holder` has it until `until`, '' where nobody does. `token` is another for
    each holder: what writes under an older one has been overtaken. It is not
    to be done before `due_at`.
    """

    id: str
    holder: str
    token: int
    until: int
    due_at: int
    updated_at: int
