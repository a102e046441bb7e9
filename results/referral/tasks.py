"""Background work of referrals."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lims.uow import UnitOfWork
from results.referral import services


def send(uow: UnitOfWork, payload: Mapping[str, Any]) -> None:
    """Deliver a referral into the inbox of its regulators. `sent_at` decides: a second delivery does nothing."""
    services.mark_sent(uow, UUID(payload["referral_id"]))


def escalate(uow: UnitOfWork) -> None:
    """What beat runs: mark everything that has become overdue."""
    services.escalate_due(uow)
