"""Files of readings on the server: the bytes first, a verdict for every row, and rows taken once."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from instruments import queries
from instruments.files.drafts import ColumnRole, ProfileDraft, profile_name
from instruments.models import Instrument, ReadingFile, StoredReading
from instruments.services import files, profiles
from instruments.services.readings import assign_reading, take_readings
from instruments.types import FileState, QuarantineReason, ReadingState, RowVerdict
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from tests.factories.chain_of_custody import make_recoded_sample
from tests.factories.instruments import make_delivered
from tests.factories.sampling import make_team

HEADINGS = ("Sample", "Analyte", "Result", "Unit", "Taken")
ROLES = (ColumnRole.SAMPLE, ColumnRole.ITEM, ColumnRole.VALUE, ColumnRole.UNIT, ColumnRole.MEASURED)


@pytest.fixture
def team(session):
    return make_team()


@pytest.fixture
def profile(team):
    with unit_of_work(team.tester.actor) as uow:
        draft = ProfileDraft(name=profile_name("Our AAS 2"), title="Our AAS 2", roles=ROLES)
        return profiles.save_profile(uow, draft, HEADINGS).name


def csv(*rows: str) -> bytes:
    return "\n".join((",".join(HEADINGS), *rows)).encode()


def hand_in(team, content: bytes, name: str = "a.csv", **options):
    with unit_of_work(team.tester.actor) as uow:
        received = files.receive_file(uow, "AAS", name, content, **options)
        return received.file.id, received.is_new


def staged(session, team, file_id):
    session.expire_all()
    return files.stage_file(session, team.lab_id, session.get_one(ReadingFile, file_id))


def verdicts(session, team, file_id) -> list[RowVerdict]:
    return [row.verdict for row in staged(session, team, file_id).rows]


def take(team, file_id, **options) -> int:
    with unit_of_work(team.tester.actor) as uow:
        return files.take_rows(uow, file_id, **options)


def readings(session):
    session.expire_all()
    return session.scalars(sa.select(StoredReading).order_by(StoredReading.file_row)).all()


def test_every_row_has_its_verdict_and_all_can_be_taken(session, team, profile):
    _sample_id, code = make_recoded_sample(team)
    file_id, _is_new = hand_in(
        team, csv(f"{code},Pb,0.02,mg/kg,2026-09-13 10:00", "QC1,Pb,0.5,mg/kg,2026-09-13 10:05", ",Pb,1,mg/kg,x")
    )
    assert verdicts(session, team, file_id) == [RowVerdict.NEW, RowVerdict.UNMATCHED, RowVerdict.UNREADABLE]
    assert readings(session) == []
    assert take(team, file_id) == 2
    first, second = readings(session)
    assert (first.state, first.blind_code, first.file_id, first.file_row) == (ReadingState.MATCHED, code, file_id, 2)
    assert (second.state, second.quarantine_reason) == (ReadingState.QUARANTINED, QuarantineReason.NOTHING_TO_MATCH)
    assert verdicts(session, team, file_id) == [RowVerdict.DUPLICATE, RowVerdict.DUPLICATE, RowVerdict.UNREADABLE]
    with pytest.raises(InvalidInputError, match="None of these"):
        take(team, file_id)
    assert session.get_one(ReadingFile, file_id).state is FileState.WAITING, "a row that nobody could read is left"


def test_some_rows_are_taken_and_the_rest_is_left_out_with_a_reason(session, team, profile):
    _sample_id, code = make_recoded_sample(team)
    rows = [f"{code},Pb,0.0{number},mg/kg,2026-09-13 10:0{number}" for number in range(4)]
    file_id, _is_new = hand_in(team, csv(*rows, "X,Pb,1,mg/kg,2026-09-13 10:09"))
    places = [row.place for row in staged(session, team, file_id).rows]
    assert take(team, file_id, places={places[1], places[2]}) == 2
    assert take(team, file_id, verdicts={RowVerdict.NEW}) == 2
    with pytest.raises(InvalidInputError), unit_of_work(team.tester.actor) as uow:
        files.close_file(uow, file_id, " ")
    with unit_of_work(team.tester.actor) as uow:
        closed = files.close_file(uow, file_id, "空白样")
        assert (closed.state, closed.left_out, closed.reason) == (FileState.DONE, 1, "空白样")
    assert [one.value_text for one in readings(session)] == ["0.00", "0.01", "0.02", "0.03"]
    with pytest.raises(ConflictError):
        take(team, file_id)


def test_the_same_bytes_under_another_name_are_the_same_file(session, team, profile):
    content = csv("X,Pb,1,mg/kg,2026-09-13 10:00")
    first, is_new = hand_in(team, content)
    assert is_new
    take(team, first)
    assert session.get_one(ReadingFile, first).state is FileState.DONE
    assert hand_in(team, content, "renamed.csv") == (first, False)
    assert len(readings(session)) == 1


def test_an_export_with_more_rows_than_yesterday_brings_only_what_is_new(session, team, profile):
    rows = ["X,Pb,1.0,mg/kg,2026-09-13 10:00", "Y,Pb,2.0,mg/kg,2026-09-13 10:05"]
    first, _is_new = hand_in(team, csv(*rows))
    take(team, first)
    second, _is_new = hand_in(team, csv(*rows, "Z,Pb,3.0,mg/kg,2026-09-14 08:00"))
    assert verdicts(session, team, second) == [RowVerdict.DUPLICATE, RowVerdict.DUPLICATE, RowVerdict.UNMATCHED]


def test_the_same_measurement_with_another_value_is_a_conflict_and_overwrites_nothing(session, team, profile):
    _sample_id, code = make_recoded_sample(team)
    first, _is_new = hand_in(team, csv(f"{code},Pb,0.02,mg/kg,2026-09-13 10:00"))
    take(team, first)
    second, _is_new = hand_in(team, csv(f"{code},Pb,0.20,mg/kg,2026-09-13 10:00"), "corrected.csv")
    assert verdicts(session, team, second) == [RowVerdict.CONFLICT]
    take(team, second)
    before, after = sorted(readings(session), key=lambda one: one.value_text)
    assert (before.value_text, before.state) == ("0.02", ReadingState.MATCHED)
    assert (after.value_text, after.state, after.quarantine_reason) == (
        "0.20",
        ReadingState.QUARANTINED,
        QuarantineReason.CONFLICT,
    )
    assert after.conflicts_with_id == before.id
    with unit_of_work(team.tester.actor) as uow:
        assign_reading(uow, after.id, code, "复核原始记录，以本次为准")
    assert after.id in {one.id for one in queries.matched_readings(session, code)}


def test_equal_rows_without_time_or_number_are_replicates_and_stay_apart(session, team, profile):
    file_id, _is_new = hand_in(team, csv("X,Pb,1,mg/kg,", "X,Pb,1,mg/kg,", "X,Pb,2,mg/kg,"))
    assert verdicts(session, team, file_id) == [RowVerdict.UNMATCHED] * 3
    assert take(team, file_id) == 3


def test_replicates_of_one_minute_stay_apart_and_are_known_again(session, team, profile):
    rows = ["X,Pb,1,mg/kg,2026-09-13 10:00"] * 2 + ["X,Pb,3,mg/kg,2026-09-13 10:00"]
    first, _is_new = hand_in(team, csv(*rows))
    assert take(team, first) == 3
    second, _is_new = hand_in(team, csv(*rows, "X,Pb,4,mg/kg,2026-09-13 11:00"))
    assert verdicts(session, team, second) == [RowVerdict.DUPLICATE] * 3 + [RowVerdict.UNMATCHED]


def test_a_file_that_nobody_can_read_is_kept_and_never_counts_as_taken(session, team):
    file_id, _is_new = hand_in(team, b"a;b\n1;2\n", "odd.csv")
    file = session.get_one(ReadingFile, file_id)
    assert (file.state, file.profile_name) == (FileState.UNREADABLE, None)
    assert "No profile" in str(staged(session, team, file_id).problem)
    with pytest.raises(ConflictError):
        take(team, file_id)
    assert hand_in(team, b"a;b\n1;2\n", "again.csv") == (file_id, False)
    with pytest.raises(NotFoundError), unit_of_work(team.tester.actor) as uow:
        files.choose_profile(uow, file_id, "nothing")
    with unit_of_work(team.tester.actor) as uow:
        draft = ProfileDraft(
            name="odd", title="Odd", delimiter=";", roles=(ColumnRole.SAMPLE, ColumnRole.VALUE), item="Pb", unit="mg/kg"
        )
        profiles.save_profile(uow, draft, ("a", "b"))
        files.choose_profile(uow, file_id, "odd")
    assert verdicts(session, team, file_id) == [RowVerdict.UNMATCHED]
    assert take(team, file_id) == 1
    assert [(one.item_text, one.unit_text) for one in readings(session)] == [("Pb", "mg/kg")]


def test_a_file_whose_profile_there_is_not_is_kept_for_a_person_to_choose_another(session, team, profile):
    file_id, is_new = hand_in(team, csv("X,Pb,1,mg/kg,"), profile_name="nope", keep_unread=True)
    assert is_new
    assert session.get_one(ReadingFile, file_id).state is FileState.UNREADABLE
    with unit_of_work(team.tester.actor) as uow:
        files.choose_profile(uow, file_id, profile)
    assert verdicts(session, team, file_id) == [RowVerdict.UNMATCHED]


def test_a_profile_that_was_changed_reads_no_earlier_file_differently(session, team, profile):
    file_id, _is_new = hand_in(team, csv("X,Pb,1,mg/kg,2026-09-13 10:00"))
    with unit_of_work(team.tester.actor) as uow:
        swapped = (ColumnRole.ITEM, ColumnRole.SAMPLE, *ROLES[2:])
        again = profiles.save_profile(uow, ProfileDraft(name=profile, title="Our AAS 2", roles=swapped), HEADINGS)
        assert again.version == 2
    [row] = staged(session, team, file_id).rows
    assert row.reading.sample_text == "X"
    with unit_of_work(team.tester.actor) as uow:
        files.choose_profile(uow, file_id, profile)
    [row] = staged(session, team, file_id).rows
    assert row.reading.sample_text == "Pb"


def test_another_laboratory_sees_neither_file_nor_profile(session, team, profile):
    file_id, _is_new = hand_in(team, csv("X,Pb,1,mg/kg,2026-09-13 10:00"))
    other = make_team()
    with pytest.raises(NotFoundError):
        queries.get_file(session, other.lab_id, file_id)
    with pytest.raises(NotFoundError):
        queries.get_profile(session, other.lab_id, profile)
    with pytest.raises(NotFoundError), unit_of_work(other.tester.actor) as uow:
        files.take_rows(uow, file_id)


def test_a_file_of_an_instrument_at_a_wire_leaves_its_driver(session, team, profile, frozen_clock):
    with unit_of_work(team.tester.actor) as uow:
        take_readings(uow, "AAS", [make_delivered()])
    frozen_clock.advance(timedelta(minutes=1))
    file_id, _is_new = hand_in(team, csv("X,Pb,1,mg/kg,2026-09-13 10:00"))
    take(team, file_id)
    assert session.scalars(sa.select(Instrument.driver)).all() == ["lz-4000t"]
