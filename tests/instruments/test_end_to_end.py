"""From a device at the end of a wire to a row in the database: pseudo-terminal, reader, HTTP, match or quarantine."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from instruments.captures import captured_bytes
from instruments.config import ReaderConfig
from instruments.daemon import Daemon
from instruments.drivers import examples
from instruments.drivers.registry import get_driver
from instruments.framing.astm import ACK, ENQ, EOT
from instruments.models import RawFrame, StoredReading
from instruments.queries import matched_readings
from instruments.reader import Connection
from instruments.spool import SpoolState
from instruments.transports import opener_for
from instruments.types import MatchedBy, QuarantineReason, ReadingState
from lims.db import db
from tests.factories.chain_of_custody import make_recoded_sample
from tests.factories.sampling import make_team
from tests.factories.web import bearer
from tests.instruments.driving import readings_of, run
from tests.instruments.ptys import Pty, eventually, pty_at

STRIP_LOG = "soldiers1989__UploadSoftWare/2018-08-01 串口数据Hex.log"


def read_device(
    folder: Path, driver_name: str, server: tuple[str, str], play: Callable[[Pty], None], count: int
) -> None:
    """Play a device to a reader until the server has `count` readings of it."""
    driver = get_driver(driver_name)
    with pty_at(folder / "port") as line:
        connection = Connection(
            instrument="device", driver=driver, port=line.name, opener=opener_for(line.name, driver.serial), settings={}
        )
        daemon = Daemon(ReaderConfig(folder / "store", (connection,), *server))
        daemon.start()
        try:
            eventually(lambda: daemon.readers[0].status.state == "open", "the port is open")
            play(line)
            eventually(lambda: daemon.spool.counts()[SpoolState.DELIVERED] == count, f"{count} readings are delivered")
            assert daemon.courier is not None
            assert daemon.courier.last_error == ""
        finally:
            daemon.stop()


@pytest.fixture
def team(live_server):
    return make_team()


def token_of(team) -> str:
    return bearer(team.tester)["Authorization"].removeprefix("Bearer ")


def test_a_scanned_blind_code_leads_the_reading_of_an_analyser_to_its_sample(live_server, team, tmp_path):
    _sample_id, code = make_recoded_sample(team)
    records = tuple(record.replace("B7K2-M4", code) for record in examples.ASTM_RECORDS)
    frames = examples.astm_frames(records)

    def play(line: Pty) -> None:
        for part in (ENQ, *frames):
            line.write(part)
            assert line.read_exactly(1) == ACK
        line.write(EOT)

    read_device(tmp_path, "astm-e1394", (live_server.url, token_of(team)), play, 1)
    with db.read_session() as session:
        [reading] = matched_readings(session, code)
        assert (reading.matched_by, reading.value_text, reading.unit_text) == (MatchedBy.BARCODE, "40.13", "ug/kg")
        assert reading.measured_text == "20261123093000"
        content = session.get_one(RawFrame, reading.raw_sha256).content
        assert sha256(content).digest() == reading.raw_sha256
        assert content.startswith(b"R|1|^^^PB|40.13")


def test_a_capture_of_a_strip_reader_without_barcodes_waits_whole_in_quarantine(
    live_server, team, tmp_path, captures: Path
):
    stream = captured_bytes((captures / STRIP_LOG).read_bytes())
    driver = get_driver("dy-3000-bx1")
    expected = readings_of(driver, run(driver.new_framer(), [stream]))
    assert len(expected) == 10
    read_device(
        tmp_path, driver.name, (live_server.url, token_of(team)), lambda line: line.write(stream), len(expected)
    )
    with db.read_session() as session:
        rows = session.scalars(sa.select(StoredReading)).all()
        assert sorted(row.value_text for row in rows) == sorted(one.value_text for one in expected)
        assert {row.state for row in rows} == {ReadingState.QUARANTINED}
        assert {row.quarantine_reason for row in rows} == {QuarantineReason.NOTHING_TO_MATCH}
        frames = session.scalars(sa.select(RawFrame.content)).all()
        assert set(frames) == {one.raw for one in expected}
