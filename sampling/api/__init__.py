"""Sampling as JSON: enough to go from a plan to a sample without a page."""

from sampling.api import corrections, duties, plans, register, samples, separation

BLUEPRINTS = (plans.blp, register.blp, samples.blp, corrections.blp, separation.blp, duties.blp)

__all__ = ["BLUEPRINTS"]
