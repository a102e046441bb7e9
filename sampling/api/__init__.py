"""Sampling as JSON: enough to go from a plan to a sample without a page."""

from sampling.api import corrections, plans, register, samples

BLUEPRINTS = (plans.blp, register.blp, samples.blp, corrections.blp)

__all__ = ["BLUEPRINTS"]
