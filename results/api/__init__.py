"""Results as JSON: from a blind code to a signed conclusion without a page."""

from results.api import bench, reports

BLUEPRINTS = (bench.blp, reports.blp, reports.checks)

__all__ = ["BLUEPRINTS"]
