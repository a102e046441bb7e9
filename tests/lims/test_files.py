"""Stored files: one row for one content, whoever brings it, and at whatever moment."""

import threading

import pytest
import sqlalchemy as sa

from lims import verification
from lims.actors import INSTALL
from lims.db import db
from lims.errors import InvalidInputError
from lims.files import IMAGES, StoredFile, read_file, store_file, store_files
from lims.uow import unit_of_work

PNG = b"\x89PNG\r\n\x1a\n drawn"
JPEG = b"\xff\xd8\xff photo"
RACERS = 6


def test_the_same_content_twice_is_one_file_and_reads_back(session):
    with unit_of_work(INSTALL) as uow:
        first, second, third = store_files(uow, [PNG, JPEG, PNG])
    with unit_of_work(INSTALL) as uow:
        again = store_file(uow, PNG)
    assert first == third == again != second
    assert session.scalar(sa.select(sa.func.count()).where(StoredFile.sha256 == first)) == 1
    assert read_file(session, first) == (PNG, "image/png")


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7"])
def test_what_is_not_allowed_is_refused(session, content):
    with pytest.raises(InvalidInputError), unit_of_work(INSTALL) as uow:
        store_file(uow, content, allowed=IMAGES)


def test_many_who_bring_the_same_files_at_once_all_succeed_and_the_ledger_knows_each_once(committed_database):
    """Forms sent twice, or by several tablets with one photo: nobody is refused because somebody else was quicker."""
    ready = threading.Barrier(RACERS)
    failures: list[Exception] = []

    def bring(number: int) -> None:
        contents = [PNG + bytes([part]) for part in range(5)]
        try:
            with unit_of_work(INSTALL) as uow:
                ready.wait()
                store_files(uow, contents if number % 2 else contents[::-1])
        except Exception as error:  # noqa: BLE001 - whatever it is, the test names it
            failures.append(error)

    racers = [threading.Thread(target=bring, args=(number,)) for number in range(RACERS)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert failures == []
    with db.read_session() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 5
        assert sum(finding.violations for finding in verification.run_checks(session, "ledger")) == 0
