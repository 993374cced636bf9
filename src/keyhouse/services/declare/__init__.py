"""Things as a file says: exported into one, and made to be as it says."""

from keyhouse.services.declare.applying import (
    Applied,
    Wish,
    apply,
    rehearse,
    report_counts,
    secrets_of,
)
from keyhouse.services.declare.exporting import Export, export_json, export_yaml
from keyhouse.services.declare.kinds import NewSecret
from keyhouse.services.declare.steps import Action, FieldChange, MissingValue, Plan, Step
from keyhouse.services.declare.table import SECTIONS
from keyhouse.services.declare.yaml_text import Unreadable, read_yaml, write_yaml

__all__ = [
    "SECTIONS",
    "Action",
    "Applied",
    "Export",
    "FieldChange",
    "MissingValue",
    "NewSecret",
    "Plan",
    "Step",
    "Unreadable",
    "Wish",
    "apply",
    "export_json",
    "export_yaml",
    "read_yaml",
    "rehearse",
    "report_counts",
    "secrets_of",
    "write_yaml",
]
