"""Custody as JSON: from a sampled form to a blind code without a page."""

from chain_of_custody.api import hand_overs, label_blocks, portions, reception, unblinding

BLUEPRINTS = (portions.blp, hand_overs.blp, label_blocks.blp, reception.blp, unblinding.blp)

__all__ = ["BLUEPRINTS"]
