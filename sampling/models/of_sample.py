"""Rows of a sample, in whichever package they stand."""

from uuid import UUID

from sqlalchemy.orm import Mapped

from lims.ledger.capture import Ledgered
from sampling.types import sample_chain


class OfSample(Ledgered):
    """Mixin of the tables whose rows enter the ledger on the chain of their sample."""

    __abstract__ = True
    sample_id: Mapped[UUID]

    def ledger_chain(self) -> str:
        return sample_chain(self.sample_id)
