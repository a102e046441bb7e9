"""Readings in the database: matched, quarantined or rejected with a reason, and never dropped."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from chain_of_custody.rules import is_blind_code
from instruments import queries
from instruments.models import Instrument, RawFrame, StoredReading
from instruments.rules import match_reading
from instruments.services import readings as services
from instruments.services import runs
from instruments.types import MatchedBy, QuarantineReason, ReadingState
from instruments.verification import CHECKS
from lims import clock
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from tests.factories.chain_of_custody import make_recoded_sample
from tests.factories.instruments import make_delivered
from tests.factories.sampling import make_team

NAME = "market-3 pesticide reader"


@pytest.fixture
def team(session):
    return make_team()


def take(team, *delivered):
    with unit_of_work(team.tester.actor) as uow:
        return [
            (one.state, one.blind_code, one.quarantine_reason)
            for one in services.take_readings(uow, NAME, delivered).new
        ]


def stored(session):
    session.expire_all()
    return session.scalars(sa.select(StoredReading).order_by(StoredReading.captured_at, StoredReading.key)).all()


def test_a_barcode_of_this_laboratory_leads_to_its_sample_in_any_case(session, team):
    _sample_id, code = make_recoded_sample(team)
    assert take(team, make_delivered(f" {code.lower()} ")) == [(ReadingState.MATCHED, code, None)]
    [reading] = queries.matched_readings(session, code)
    assert (reading.matched_by, reading.value_text) == (MatchedBy.BARCODE, "12.50")
    assert session.get_one(RawFrame, reading.raw_sha256).content.startswith(b"frame ")


def test_a_code_of_another_laboratory_is_as_unknown_as_one_nobody_gave(session, team):
    _sample_id, foreign = make_recoded_sample(make_team())
    taken = take(team, make_delivered(foreign), make_delivered(), make_delivered(foreign, quality_control=True))
    assert taken == [
        (ReadingState.QUARANTINED, None, QuarantineReason.UNKNOWN_BARCODE),
        (ReadingState.QUARANTINED, None, QuarantineReason.NOTHING_TO_MATCH),
        (ReadingState.QUARANTINED, None, QuarantineReason.QUALITY_CONTROL),
    ]


def test_a_slot_stands_for_a_sample_while_its_run_is_open(session, team, frozen_clock):
    _sample_id, code = make_recoded_sample(team)
    take(team, make_delivered(slot="3"))
    [instrument] = session.scalars(sa.select(Instrument)).all()
    with unit_of_work(team.tester.actor) as uow:
        runs.open_instrument_run(uow, instrument.id, {"3": code.lower()})
    with pytest.raises(ConflictError), unit_of_work(team.tester.actor) as uow:
        runs.open_instrument_run(uow, instrument.id, {"4": code})
    frozen_clock.advance(timedelta(minutes=1))
    assert take(team, make_delivered("12", slot=" 3 "))[0][:2] == (ReadingState.MATCHED, code)
    assert take(team, make_delivered(slot="4"))[0][0] is ReadingState.QUARANTINED
    late = make_delivered(slot="3")
    with unit_of_work(team.tester.actor) as uow:
        runs.end_instrument_run(uow, instrument.id)
    frozen_clock.advance(timedelta(minutes=1))
    assert take(team, make_delivered(slot="3"))[0][0] is ReadingState.QUARANTINED
    assert take(team, late)[0][:2] == (ReadingState.MATCHED, code), "captured in the run, delivered after it"


def test_a_run_takes_codes_of_its_laboratory_only(session, team):
    take(team, make_delivered())
    [instrument] = session.scalars(sa.select(Instrument)).all()
    _sample_id, foreign = make_recoded_sample(make_team())
    for slots in ({}, {" ": foreign}, {"1": foreign}, {"1": "banana"}):
        with pytest.raises(InvalidInputError), unit_of_work(team.tester.actor) as uow:
            runs.open_instrument_run(uow, instrument.id, slots)
    with pytest.raises(NotFoundError), unit_of_work(make_team().tester.actor) as uow:
        runs.open_instrument_run(uow, instrument.id, {"1": foreign})


def test_readings_of_one_instant_stay_in_the_order_in_which_they_were_delivered(session, team):
    _sample_id, code = make_recoded_sample(team)
    values = [f"{number}.5" for number in range(20)]
    at = clock.now()
    take(team, *(make_delivered(code, value_text=value, captured_at=at) for value in values))
    assert [one.value_text for one in queries.matched_readings(session, code)] == values
    listed = queries.list_readings(session, team.lab_id, limit=20)
    assert [one.value_text for one, _instrument in listed] == values[::-1]


def test_the_same_reading_sent_twice_is_one(session, team):
    first, second = make_delivered(), make_delivered()
    assert len(take(team, first, first)) == 1
    assert len(take(team, first, second)) == 1
    assert take(team, first, second) == []
    assert [one.key for one in stored(session)] == [first.key, second.key]


def test_a_person_assigns_or_rejects_with_a_reason_and_both_stay(session, team):
    _sample_id, code = make_recoded_sample(team)
    take(team, make_delivered(), make_delivered())
    first, second = stored(session)
    for act in (
        lambda uow: services.assign_reading(uow, first.id, code, " "),
        lambda uow: services.assign_reading(uow, first.id, "banana", "看错"),
        lambda uow: services.assign_reading(uow, first.id, " ", "看错"),
        lambda uow: services.reject_reading(uow, first.id, ""),
    ):
        with pytest.raises(InvalidInputError), unit_of_work(team.tester.actor) as uow:
            act(uow)
    with pytest.raises(NotFoundError), unit_of_work(make_team().tester.actor) as uow:
        services.reject_reading(uow, first.id, "不是我们的")
    with unit_of_work(team.tester.actor) as uow:
        services.assign_reading(uow, first.id, code, "条码未读出，按上机记录核对")
        services.reject_reading(uow, second.id, "试剂过期")
    with pytest.raises(ConflictError), unit_of_work(team.tester.actor) as uow:
        services.assign_reading(uow, second.id, code, "再次")
    first, second = stored(session)
    assert (first.state, first.matched_by, first.quarantine_reason) == (
        ReadingState.MATCHED,
        MatchedBy.PERSON,
        QuarantineReason.NOTHING_TO_MATCH,
    )
    assert (second.state, second.blind_code, second.decision) == (ReadingState.REJECTED, None, "试剂过期")
    for check in CHECKS:
        assert (check(session).checked, check(session).violations) == (2, 0)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("state = 'matched'", "ck_reading_matched"),
        ("state = 'rejected'", "ck_reading_rejected_with_reason"),
        ("decision = ''", "ck_reading_decision"),
        ("decision = 'because'", "ck_reading_decision_is_whole"),
        ("state = 'lost'", "ck_reading_state_known"),
    ],
)
def test_the_database_lets_no_reading_be_lost(session, team, change, constraint):
    take(team, make_delivered())
    with pytest.raises(sa.exc.IntegrityError, match=constraint), session.begin_nested():
        session.execute(sa.text(f"UPDATE reading SET {change}"))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM reading",
        "UPDATE reading SET value = 1",
        "UPDATE reading SET quarantine_reason = NULL",
        "UPDATE raw_frame SET content = 'x'",
        "DELETE FROM raw_frame",
    ],
)
def test_the_application_can_neither_drop_nor_rewrite_a_reading(session, team, statement):
    take(team, make_delivered())
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), session.begin_nested():
        session.execute(sa.text(statement))


def test_a_quarantined_reading_has_its_reason_and_a_frame_its_hash(session, team):
    take(team, make_delivered())
    row = "INSERT INTO raw_frame VALUES (:sha256, :content)"
    wrong = {"sha256": sha256(b"a").digest(), "content": b"b"}
    with pytest.raises(sa.exc.IntegrityError, match="hash_is_of_content"), session.begin_nested():
        session.execute(sa.text(row), wrong)
    left_out = {"id", "key", "quarantine_reason"}
    names = ", ".join(column.name for column in StoredReading.__table__.columns if column.name not in left_out)
    copied = sa.text(f"INSERT INTO reading (id, key, {names}) SELECT gen_random_uuid(), 'k', {names} FROM reading")
    with pytest.raises(sa.exc.IntegrityError, match="quarantined_with_reason"), session.begin_nested():
        session.execute(copied)


def test_the_verifier_finds_a_reading_of_another_laboratory(session, team):
    _sample_id, foreign = make_recoded_sample(make_team())
    take(team, make_delivered())
    stolen = "UPDATE reading SET state='matched', matched_by='barcode', blind_code=:code"
    session.execute(sa.text(stolen), {"code": foreign})
    assert CHECKS[0](session).violations == 1


@given(
    barcode=st.text("23456789ABC", max_size=8),
    slot=st.text("123", max_size=2),
    codes=st.frozensets(st.text("23456789ABC", min_size=8, max_size=8), max_size=3),
    slots=st.dictionaries(st.text("123", min_size=1, max_size=2), st.just("PQRSTUVW"), max_size=3),
    quality_control=st.booleans(),
)
def test_a_reading_is_tied_to_a_code_or_has_a_reason_and_never_to_what_is_only_alike(
    barcode, slot, codes, slots, quality_control
):
    match = match_reading(
        barcode,
        slot,
        is_quality_control=quality_control,
        looks_like_code=is_blind_code,
        codes=codes,
        slots=slots,
    )
    assert (match.blind_code is None) == (match.matched_by is None) == (match.reason is not None)
    assert match.blind_code in {None, barcode, slots.get(slot)}
    if match.matched_by is MatchedBy.BARCODE:
        assert barcode in codes


def test_an_instrument_shows_its_last_reading(session, team):
    take(team, make_delivered(), make_delivered())
    [row] = queries.list_instruments(session, team.lab_id)
    assert (row.readings, row.quarantined, row.last_at) == (2, 2, clock.now())
    assert queries.list_instruments(session, make_team().lab_id) == []


AWKWARD = [
    "",
    " ",
    "\\N",
    "\\.",
    "a\n\\.\nb",
    '"',
    '","',
    "NULL",
    "\r\n",
    "\t|\x1f",
    "it's",
    "\\x00",
    "农药\u2028残留",
    "🐟",
    "{}",
]


def test_whatever_a_device_writes_is_kept_to_the_letter(session, team):
    take(team, *(make_delivered(text, item_text=text, value_text=text, slot=text) for text in AWKWARD))
    kept = [(one.sample_text, one.item_text, one.value_text, one.slot) for one in stored(session)]
    assert sorted(kept) == sorted((text,) * 4 for text in AWKWARD)


def test_the_same_reading_delivered_twice_at_once_is_refused_in_words(team):
    def deliver_twice() -> None:
        with unit_of_work(team.tester.actor) as uow:
            instrument = services.known_instrument(uow, NAME, "lz-4000t")
            [one] = services.triage(uow.session, instrument, [make_delivered()])
            services.store_triaged(uow, instrument, [one])
            services.store_triaged(uow, instrument, [replace(one, id=uuid4())])

    with pytest.raises(ConflictError, match="delivered twice at once"):
        deliver_twice()
