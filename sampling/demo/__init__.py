"""The chapter of sampling: the county's businesses, its plans and draws, and the visits of a month."""

from sampling.demo.month import live

__all__ = ["live"]
