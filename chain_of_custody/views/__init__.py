"""Pages of custody: sealing, hand-overs, the custodian's board, labels, storage."""

from typing import Any

from flask import url_for

from chain_of_custody.views import board, hand_overs, label_blocks, labels, seals, storage, unblinding
from lims.auth.permissions import BENCH_ROLES
from lims.web.current import current_actor

BLUEPRINTS = (seals.bp, hand_overs.bp, board.bp, labels.bp, label_blocks.bp, storage.bp, unblinding.bp)


def scan_from_anywhere() -> dict[str, Any]:
    """Let a scan on any page lead to the portion, for those who work with portions; the bench scans blind codes."""
    actor = current_actor()
    if actor.person_id is None or not actor.may("custody.print") or actor.roles & BENCH_ROLES:
        return {}
    return {"scan_url": url_for("custody.find")}


__all__ = ["BLUEPRINTS", "scan_from_anywhere"]
