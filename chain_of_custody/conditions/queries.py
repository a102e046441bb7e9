"""Files of data loggers, as the pages of a hand-over and of a place show them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from chain_of_custody.conditions.models import TemperatureExcursion, TemperatureLog
from chain_of_custody.models import HandOver, StoragePlace
from chain_of_custody.queries import sealed_first_at
from lims.actors import Actor
from lims.errors import NotFoundError


def list_logs(
    session: Session, *, hand_over_id: UUID | None = None, place_id: UUID | None = None
) -> Sequence[TemperatureLog]:
    """The files of a hand-over or of a place, the newest journey first."""
    query = select(TemperatureLog)
    if hand_over_id is not None:
        query = query.where(TemperatureLog.hand_over_id == hand_over_id)
    if place_id is not None:
        query = query.where(TemperatureLog.place_id == place_id)
    return session.scalars(query.order_by(TemperatureLog.last_at.desc(), TemperatureLog.id)).all()


def journey_of(session: Session, hand_over: HandOver, now: datetime) -> tuple[datetime, datetime]:
    """From the first seal on a load until it was taken over, or until now."""
    return sealed_first_at(session, hand_over.id) or hand_over.offered_at, hand_over.ended_at or now


def get_log(session: Session, actor: Actor, log_id: UUID) -> TemperatureLog:
    """One file, of a hand-over of which the actor's organisation is one side, or of a place of its store.

    Raises:
        NotFoundError: there is none.
    """
    mine = actor.organisation_id
    found = session.scalar(
        select(TemperatureLog)
        .outerjoin(HandOver, HandOver.id == TemperatureLog.hand_over_id)
        .outerjoin(StoragePlace, StoragePlace.id == TemperatureLog.place_id)
        .where(
            TemperatureLog.id == log_id,
            or_(
                HandOver.from_organisation_id == mine,
                HandOver.to_organisation_id == mine,
                StoragePlace.organisation_id == mine,
            ),
        )
    )
    if found is None:
        raise NotFoundError
    return found


def find_same(session: Session, organisation_id: UUID, sha256: bytes) -> TemperatureLog | None:
    """The very same file, where the organisation has attached it before."""
    return session.scalar(
        select(TemperatureLog).where(
            TemperatureLog.organisation_id == organisation_id, TemperatureLog.file_sha256 == sha256
        )
    )


def list_excursions(session: Session, log_id: UUID) -> Sequence[TemperatureExcursion]:
    """When it was too warm, in order."""
    return session.scalars(
        select(TemperatureExcursion)
        .where(TemperatureExcursion.temperature_log_id == log_id)
        .order_by(TemperatureExcursion.seq)
    ).all()
