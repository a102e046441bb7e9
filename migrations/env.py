"""Alembic's entry: runs inside the owner's transaction that `lims.migrate` opened."""

from alembic import context

import app
from lims.db import Base

app.import_models()
connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    compare_type=True,
    transaction_per_migration=False,
    include_object=context.config.attributes.get("include_object"),
)
with context.begin_transaction():
    context.run_migrations()
