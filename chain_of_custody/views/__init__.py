"""Pages of custody: sealing, hand-overs, the custodian's board, labels, storage."""

from chain_of_custody.views import board, hand_overs, labels, seals, storage

BLUEPRINTS = (seals.bp, hand_overs.bp, board.bp, labels.bp, storage.bp)

__all__ = ["BLUEPRINTS"]
