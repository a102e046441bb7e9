"""The catalogue: what foods, items, methods, limits, regions, deadlines and days are called and worth, with sources."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register the commands of the catalogue."""
    from lims.catalog.cli import catalog_group

    app.cli.add_command(catalog_group)
