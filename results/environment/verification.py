"""`lims verify environment`: every reading was judged by the limits of its day."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.verification import Finding
from results.environment.models import EnvironmentReading, RoomLimits
from results.environment.queries import allowed_by
from results.environment.rules import is_outside
from results.environment.types import RoomReading


def check_readings(session: Session) -> Finding:
    """What is called outside lies outside of the limits it names, and nothing else does."""
    finding = Finding("a reading of a room is judged by the limits it names")
    rows = session.execute(
        sa.select(EnvironmentReading, RoomLimits)
        .join(
            RoomLimits,
            sa.and_(
                RoomLimits.room_id == EnvironmentReading.room_id,
                RoomLimits.valid_from == EnvironmentReading.limits_from,
            ),
        )
        .order_by(EnvironmentReading.id)
    )
    for reading, limits in rows:
        finding.checked += 1
        read = RoomReading(reading.read_at, reading.celsius, reading.humidity)
        if is_outside(read, allowed_by(limits)) != reading.is_outside:
            finding.violate("environment_reading", str(reading.id), "is_outside")
    return finding
