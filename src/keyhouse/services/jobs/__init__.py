"""Jobs: what happens on its own, each job in one process of an installation at a time."""

from keyhouse.services.jobs.holding import Claim, Holding, Overtaken
from keyhouse.services.jobs.tasks import Task, rounds_of

__all__ = ["Claim", "Holding", "Overtaken", "Task", "rounds_of"]
