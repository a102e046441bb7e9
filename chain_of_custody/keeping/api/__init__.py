"""Keeping as JSON."""

from chain_of_custody.keeping.api import disposals, stock

BLUEPRINTS = (disposals.kept_blp, disposals.blp, stock.blp)

__all__ = ["BLUEPRINTS"]
