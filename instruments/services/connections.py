"""What readers say of their ports."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from instruments.models import ReaderConnection
from instruments.services.readings import known_instrument
from lims.uow import UnitOfWork


def report_connections(uow: UnitOfWork, reader: str, ports: Sequence[Mapping[str, Any]]) -> None:
    """Replace what was known of the connections of one reader by what it says now.

    An instrument is known once it is connected, so that a run can be loaded before its first reading.

    Args:
        uow: the transaction of the reader's account, in its laboratory.
        reader: name of the machine beside the ports.
        ports: columns of `ReaderConnection` by name, one for each port.
    """
    organisation_id = uow.actor.require_organisation()
    names = [port["instrument_name"] for port in ports]
    uow.session.execute(
        delete(ReaderConnection).where(
            ReaderConnection.organisation_id == organisation_id,
            ReaderConnection.reader == reader,
            ReaderConnection.instrument_name.not_in(names),
        )
    )
    for port in ports:
        known_instrument(uow, port["instrument_name"], port["driver"])
    for port in sorted(ports, key=lambda port: str(port["instrument_name"])):
        row = {**port, "organisation_id": organisation_id, "reader": reader, "reported_at": uow.now}
        statement = insert(ReaderConnection).values(row)
        uow.session.execute(
            statement.on_conflict_do_update(
                index_elements=[ReaderConnection.organisation_id, ReaderConnection.instrument_name], set_=row
            )
        )
