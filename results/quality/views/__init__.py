"""Pages of quality control."""

from results.quality.views import batches, charts, lots

BLUEPRINTS = (batches.bp, charts.bp, lots.bp)
