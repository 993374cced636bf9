"""Steps of a report a few at a time: what pages of it are read by."""

from collections.abc import Sequence

from keyhouse.core.grains import Cut


def first_step(cut: Cut) -> int:
    """The minute in which the first step begins of which all or a part is in a cut."""
    return cut.start - (cut.start - cut.origin) % cut.minutes


def cuts_from(cuts: Sequence[Cut], step: int) -> list[Cut]:
    """What is left of a report from the step on that begins at that minute."""
    return [
        cut._replace(start=max(cut.start, step)) if first_step(cut) < step else cut
        for cut in cuts
        if cut.end > step
    ]


def split_at(cuts: Sequence[Cut], steps: int) -> tuple[list[Cut], list[Cut]]:
    """So many steps of a report, and what is left of it behind them."""
    taken: list[Cut] = []
    for place, cut in enumerate(cuts):
        if steps == 0:
            return taken, list(cuts[place:])
        edge = first_step(cut) + steps * cut.minutes
        if edge < cut.end:
            taken.append(cut._replace(end=edge))
            return taken, [cut._replace(start=edge), *cuts[place + 1 :]]
        taken.append(cut)
        steps -= -(-(cut.end - first_step(cut)) // cut.minutes)
    return taken, []
