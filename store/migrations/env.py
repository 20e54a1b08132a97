"""Alembic runs this inside the transaction that `store.db.migrate` opened."""

from alembic import context
from sqlmodel import SQLModel

import store.models  # noqa: F401  registers the tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
