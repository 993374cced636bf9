"""Lists of applications and customers, and of what an import brought, in their order.

Revision ID: 0022
Revises: 0021
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_ORDERED = (
    ("application", ["organization_id", "id"]),
    ("application", ["project_id", "id"]),
    ("customer", ["organization_id", "id"]),
    ("customer", ["project_id", "id"]),
    ("key", ["import_id", "id"]),
)
_REPLACED = (
    ("application", "organization_id"),
    ("customer", "organization_id"),
    ("key", "import_id"),
)


def upgrade() -> None:
    for table, columns in _ORDERED:
        op.create_index(_name(table, *columns), table, columns)
    for table, column in _REPLACED:
        op.drop_index(_name(table, column), table)


def downgrade() -> None:
    for table, column in _REPLACED:
        op.create_index(_name(table, column), table, [column])
    for table, columns in _ORDERED:
        op.drop_index(_name(table, *columns), table)


def _name(table: str, *columns: str) -> str:
    return f"ix_{table}_{'_'.join(columns)}"
