"""Pages of results: the bench, the review, the signature, and the public check of a report."""

from results.views import bench, calculations, checks, imports, reports, retests, review

BLUEPRINTS = (bench.bp, calculations.bp, imports.bp, retests.bp, review.bp, reports.bp, checks.bp)

__all__ = ["BLUEPRINTS"]
