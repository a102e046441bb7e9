"""Numbers have no gaps and no doubles, whatever is rolled back and however many ask at once (I4)."""

import threading

import pytest
import sqlalchemy as sa

from lims.actors import INSTALL
from lims.db import db
from lims.ledger.replay import check_replay
from lims.numbering import (
    IssuedNumber,
    NumberFate,
    check_numbers,
    lease_numbers,
    settle_number,
    take_number,
    take_numbers,
    void_number,
)
from lims.uow import unit_of_work


def test_a_number_of_an_undone_transaction_is_given_again(session):
    def undone() -> None:
        with unit_of_work(INSTALL) as uow:
            take_number(uow, "report", "lab:2026")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    with unit_of_work(INSTALL) as uow:
        assert take_number(uow, "report", "lab:2026") == 1


def test_fifty_at_once_leave_no_gap_and_no_double(committed_database):
    taken, failed = [], []

    def take() -> None:
        for attempt in range(4):
            try:
                with unit_of_work(INSTALL) as uow:
                    number = take_number(uow, "sample", "org:2026")
                    if attempt == 2:
                        raise ZeroDivisionError  # noqa: TRY301 - a form refused at the last moment
                taken.append(number)
            except ZeroDivisionError:
                continue
            except Exception as error:  # noqa: BLE001 - a thread must not die in silence
                failed.append(error)

    threads = [threading.Thread(target=take) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(taken) == list(range(1, 151))
    with db.read_session() as session:
        assert check_numbers(session).violations == 0


def test_many_numbers_follow_the_last_one_and_each_enters_the_ledger(session):
    with unit_of_work(INSTALL) as uow:
        take_number(uow, "task", "26")
        assert take_numbers(uow, "task", "26", 3) == [2, 3, 4]
    finding = check_numbers(session)
    assert (finding.checked, finding.violations) == (4, 0)
    assert check_replay(session).violations == 0


def test_a_voided_number_keeps_its_reason(session):
    with unit_of_work(INSTALL) as uow:
        number = take_number(uow, "report", "lab:2026")
        void_number(uow, "report", "lab:2026", number, "printed on torn paper")
    row = session.scalars(sa.select(IssuedNumber)).one()
    assert (row.fate, row.reason) == (NumberFate.VOID, "printed on torn paper")


def test_a_hole_in_the_register_is_named(session):
    with unit_of_work(INSTALL) as uow:
        take_number(uow, "report", "lab:2026")
    session.execute(sa.text("UPDATE number_series SET last = 3"))
    finding = check_numbers(session)
    assert [(one.table, one.key) for one in finding.examples] == [("issued_number", "series=report|scope=lab:2026")]


def test_a_leased_number_is_used_once_and_keeps_who_held_it(session):
    with unit_of_work(INSTALL) as uow:
        assert lease_numbers(uow, "label", "all", 2, "roll 7") == [1, 2]
    with unit_of_work(INSTALL) as uow:
        issued = uow.session.get_one(IssuedNumber, ("label", "all", 1), with_for_update=True)
        settle_number(uow, issued)
        with pytest.raises(ValueError, match="expected a leased number, got label 1, which is used"):
            settle_number(uow, issued)
    found = session.scalars(sa.select(IssuedNumber).order_by(IssuedNumber.n)).all()
    assert [(one.n, one.fate, one.holder) for one in found] == [
        (1, NumberFate.USED, "roll 7"),
        (2, NumberFate.LEASED, "roll 7"),
    ]
    assert check_numbers(session).violations == 0
