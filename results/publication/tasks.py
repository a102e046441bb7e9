"""Background work of publication."""

from lims.uow import UnitOfWork
from results.publication.services import publish_due


def publish(uow: UnitOfWork) -> None:
    """What beat runs: publish everything for which the gate is open."""
    publish_due(uow)
