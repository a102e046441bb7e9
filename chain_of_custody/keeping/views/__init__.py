"""Pages of keeping: the clocks of the store, disposals, counts."""

from chain_of_custody.keeping.views import disposals, kept, stock

BLUEPRINTS = (kept.bp, disposals.bp, stock.bp)

__all__ = ["BLUEPRINTS"]
