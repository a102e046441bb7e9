"""What hand-written SQL of the application's login cannot do to custody: I2, I3 and the blind code."""

from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from chain_of_custody.verification import CHECKS
from tests.factories.chain_of_custody import (
    get_portion,
    make_arrived_sample,
    make_offer,
    make_received_sample,
    make_recoded_sample,
    make_sealed_sample,
)
from tests.factories.sampling import make_sample, make_team


@pytest.fixture
def team(session):
    return make_team()


def refused(session, statement: str, error: type[DBAPIError] = IntegrityError, **values) -> str:
    with pytest.raises(error) as caught, session.begin_nested():
        session.execute(sa.text(statement), values)
    return str(caught.value)


APPEND = (
    "INSERT INTO custody_entry (portion_id, seq, sample_id, kind, holder_id, organisation_id, prev_seq, handed_by_id,"
    " prev_kind, hand_over_id, disposal_id, at)"
    " SELECT e.portion_id, :seq, e.sample_id, :kind, :holder,"
    " e.organisation_id, :prev, :giver, :prev_kind, :list, :disposal, now()"
    " FROM custody_entry e WHERE e.portion_id = :portion AND e.seq = 1"
)


def entry(team, numbers, **changes):
    """The link that would rightly follow: the custodian takes the portion from the sampler who holds it."""
    right = {
        "portion": get_portion(numbers[0]).id,
        "seq": 2,
        "prev": 1,
        "kind": "handed_over",
        "holder": team.custodian.person_id,
        "giver": team.samplers[0].person_id,
        "prev_kind": "sealed",
        "list": make_offer(team, numbers),
        "disposal": None,
    }
    return right | changes


def test_a_right_link_is_taken_so_that_the_refusals_below_mean_something(session, team):
    _sample_id, numbers = make_sealed_sample(team)
    with session.begin_nested():
        session.execute(sa.text(APPEND), entry(team, numbers))


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"seq": 1}, "ck_custody_entry|pk_custody_entry"),  # a fork
        ({"seq": 3}, "ck_custody_entry_no_gap"),
        ({"seq": 3, "prev": 2}, "who_hands_over_holds"),  # points at a link that is not there
        ({"prev": None}, "ck_custody_entry_no_gap"),
        ({"list": None}, "ck_custody_entry_no_gap"),
        ({"giver": None}, "ck_custody_entry_no_gap"),
        ({"prev_kind": None}, "ck_custody_entry_no_gap"),
        ({"prev_kind": "consigned"}, "who_hands_over_holds"),
        ({"prev_kind": "disposed"}, "ck_custody_entry_ends_with_disposal"),
        ({"kind": "disposed"}, "ck_custody_entry_disposed_by_a_disposal|sender_answers"),
        ({"kind": "sealed"}, "ck_custody_entry_sealed_first"),
        ({"kind": "found"}, "ck_custody_entry_kind_known"),
    ],
)
def test_a_chain_has_no_gap_and_no_fork(session, team, changed, constraint):
    _sample_id, numbers = make_sealed_sample(team)
    told = refused(session, APPEND, **entry(team, numbers, **changed))
    assert any(name in told for name in constraint.split("|")), told


def test_only_who_holds_hands_over_and_never_to_oneself(session, team):
    _sample_id, numbers = make_sealed_sample(team)
    thief = entry(team, numbers, giver=team.samplers[1].person_id)
    assert "who_hands_over_holds" in refused(session, APPEND, **thief)
    nobody = thief | {"giver": uuid4()}
    assert "who_hands_over_holds" in refused(session, APPEND, **nobody)
    oneself = thief | {"giver": team.samplers[0].person_id, "holder": team.samplers[0].person_id}
    assert "ck_custody_entry_two_people" in refused(session, APPEND, **oneself)
    carrier = thief | {"kind": "consigned", "giver": team.samplers[0].person_id}
    assert "ck_custody_entry_sender_answers_for_carrier" in refused(session, APPEND, **carrier)


def test_a_portion_stands_on_one_open_list(session, team):
    _sample_id, numbers = make_sealed_sample(team)
    make_offer(team, numbers[:1])
    other = make_offer(team, numbers[1:])
    portion = get_portion(numbers[0])
    statement = (
        "INSERT INTO hand_over_line (hand_over_id, portion_id, sample_id, is_open)"
        " VALUES (:list, :portion, :sample, true)"
    )
    told = refused(session, statement, list=other, portion=portion.id, sample=portion.sample_id)
    assert "uq_hand_over_line_one_open_offer" in told


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ("state = 'confirmed', ended_at = now()", "ck_hand_over_taken_by_if_confirmed"),
        ("state = 'confirmed', ended_at = now(), taken_by_id = offered_by_id", "ck_hand_over_two_people"),
        ("state = 'withdrawn'", "ck_hand_over_ended_at_if_ended"),
        ("celsius = 'NaN'", "ck_hand_over_celsius_possible"),
        ("celsius = -300", "ck_hand_over_celsius_possible"),
        ("state = 'lost', ended_at = now()", "ck_hand_over_state_known"),
    ],
)
def test_a_hand_over_ends_whole_and_between_two_people(session, team, changed, constraint):
    make_offer(team, make_sealed_sample(team)[1])
    assert constraint in refused(session, f"UPDATE hand_over SET {changed}")


COPIED = "SELECT gen_random_uuid(), sample_id, 'other'"
PORTION = "INSERT INTO portion (id, sample_id, portion_no, kind, quantity, quantity_unit, created_at)"


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("INSERT INTO seal SELECT * FROM seal LIMIT 1", "pk_seal"),
        (
            f"{PORTION} {COPIED}, kind, quantity, quantity_unit, created_at FROM portion LIMIT 1",
            "uq_portion_sample_id_kind",
        ),
        (
            f"{PORTION} {COPIED}, 'third', 1, 'kg', created_at FROM portion LIMIT 1",
            "ck_portion_kind_known",
        ),
        (
            f"{PORTION} SELECT gen_random_uuid(), sample_id, 'other', kind, 0, 'kg', created_at FROM portion LIMIT 1",
            "ck_portion_quantity_positive",
        ),
    ],
)
def test_a_portion_has_one_seal_and_a_sample_one_portion_of_a_kind(session, team, statement, constraint):
    make_sealed_sample(team)
    assert constraint in refused(session, statement)


def test_a_seal_number_is_used_once(session, team):
    sample_id, _numbers = make_sealed_sample(team)
    loose = uuid4()  # a portion that has no seal yet
    with session.begin_nested() as attempt:
        fresh = make_sample(team)
        session.execute(
            sa.text(f"{PORTION} VALUES (:id, :sample, 'loose', 'test', 1, 'kg', now())"),
            {"id": loose, "sample": fresh},
        )
        told = refused(
            session,
            "INSERT INTO seal (portion_id, sample_id, seal_no, sealed_by_id, sealed_at)"
            " SELECT :loose, :fresh, seal_no, sealed_by_id, sealed_at FROM seal WHERE sample_id = :used LIMIT 1",
            loose=loose,
            fresh=fresh,
            used=sample_id,
        )
        attempt.rollback()
    assert "uq_seal_seal_no" in told


RECEPTION = (
    "INSERT INTO reception (sample_id, lab_id, checked_by_id, checked_at, seal_intact, packaging_intact,"
    " quantity_sufficient, condition_normal, papers_complete, papers_match, accepted, refusal_reason)"
    " VALUES (:sample, :lab, :person, now(), :seal, true, true, true, true, true, :accepted, :reason)"
)


@pytest.mark.parametrize(
    ("found", "constraint"),
    [
        ((False, True, None), "ck_reception_accepted_if_all_good"),
        ((True, True, "why"), "ck_reception_refused_with_reason"),
        ((False, False, None), "ck_reception_refused_with_reason"),
        ((False, False, ""), "ck_reception_refusal_reason_given"),
    ],
)
def test_a_reception_says_what_was_found(session, team, found, constraint):
    seal, accepted, reason = found
    sample_id = make_arrived_sample(team)
    told = refused(
        session,
        RECEPTION,
        sample=sample_id,
        lab=team.lab_id,
        person=team.custodian.person_id,
        seal=seal,
        accepted=accepted,
        reason=reason,
    )
    assert constraint in told


BLIND = (
    "INSERT INTO blind_code (portion_id, seq, sample_id, portion_kind, code, blindness, coded_by_id, coded_at)"
    " SELECT id, 1, sample_id, :kind, :code, :blindness, :person, now() FROM portion"
    " WHERE sample_id = :sample AND kind = :real"
)


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"real": "backup", "kind": "backup"}, "ck_blind_code_test_portion_only"),
        ({"real": "backup"}, "fk_blind_code"),  # a backup portion under a false flag
        ({"code": "23456780"}, "ck_blind_code_code_alphabet"),
        ({"code": "2345678"}, "ck_blind_code_code_alphabet"),
        ({"blindness": "half"}, "ck_blind_code_blindness_known"),
    ],
)
def test_a_blind_code_is_of_a_test_portion_and_well_formed(session, team, changed, constraint):
    sample_id = make_received_sample(team)
    right = {
        "sample": sample_id,
        "person": team.custodian.person_id,
        "kind": "test",
        "real": "test",
        "code": "23456789",
        "blindness": "open",
    }
    assert constraint in refused(session, BLIND, **(right | changed))


def test_a_sample_nobody_accepted_gets_no_blind_code(session, team):
    sample_id = make_arrived_sample(team)
    told = refused(
        session,
        BLIND,
        sample=sample_id,
        person=team.custodian.person_id,
        kind="test",
        real="test",
        code="23456789",
        blindness="open",
    )
    assert "fk_blind_code_sample_id_reception" in told


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE custody_entry SET holder_id = handed_by_id",
        "DELETE FROM custody_entry",
        "UPDATE seal SET seal_no = 'other'",
        "DELETE FROM portion",
        "UPDATE portion SET quantity = 1",
        "UPDATE reception SET accepted = false",
        "UPDATE blind_code SET code = '23456789'",
        "DELETE FROM hand_over_exception",
        "UPDATE hand_over SET offered_by_id = taken_by_id",
        "UPDATE hand_over_exception SET scanned = ''",
        "DELETE FROM storage_move",
    ],
)
def test_what_happened_cannot_be_rewritten(session, team, statement):
    make_recoded_sample(team)
    assert "permission denied" in refused(session, statement, ProgrammingError)


def test_the_verifier_finds_time_that_runs_backwards(session, team):
    _sample_id, numbers = make_sealed_sample(team)
    session.execute(sa.text(APPEND.replace("now()", "e.at - interval '1 hour'")), entry(team, numbers))
    findings = {finding.invariant: finding for finding in (check(session) for check in CHECKS)}
    broken = findings["I2 custody has no gap and no fork"]
    assert (broken.violations, broken.examples[0].table) == (1, "custody_entry")


PRINT = (
    "INSERT INTO label_print (id, sample_id, kind, print_no, written_in, reason, printed_by_id, printed_at)"
    " VALUES (gen_random_uuid(), :sample, :kind, :number, 'pdf', :reason, :person, now())"
)


@pytest.mark.parametrize(
    ("printed", "constraint"),
    [
        (("field", 2, None), "ck_label_print_again_with_a_reason"),
        (("field", 1, "why"), "ck_label_print_again_with_a_reason"),
        (("field", 2, ""), "ck_label_print_reason_given"),
        (("field", 0, "why"), "ck_label_print_counted_from_one"),
        (("poster", 1, None), "ck_label_print_kind_known"),
    ],
)
def test_a_label_is_printed_again_only_with_a_reason(session, team, printed, constraint):
    kind, number, reason = printed
    sample_id, _numbers = make_sealed_sample(team)
    values = {"sample": sample_id, "person": team.samplers[0].person_id}
    assert constraint in refused(session, PRINT, kind=kind, number=number, reason=reason, **values)


def test_a_print_is_counted_once_and_never_forgotten(session, team):
    sample_id, _numbers = make_sealed_sample(team)
    first = {"sample": sample_id, "person": team.samplers[0].person_id, "kind": "seal", "number": 1, "reason": None}
    session.execute(sa.text(PRINT), first)
    assert "uq_label_print_sample_id_kind_print_no" in refused(session, PRINT, **first)
    assert "permission denied" in refused(session, "DELETE FROM label_print", ProgrammingError)
    assert "permission denied" in refused(session, "UPDATE label_print SET reason = 'x'", ProgrammingError)
