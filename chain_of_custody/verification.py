"""`lims verify custody`: I2 and I3 over the whole database, one set-based pass each."""

from uuid import UUID

from sqlalchemy import Select, Text, and_, cast, exists, not_, or_, select
from sqlalchemy.orm import Session, aliased

from chain_of_custody.models import (
    BlindCode,
    CustodyEntry,
    HandOver,
    HandOverLine,
    LabelBlock,
    Portion,
    Reception,
    Seal,
)
from chain_of_custody.queries.label_blocks import OF_LABELS, SCOPE, SERIES
from chain_of_custody.rules import is_blind_code, label_no
from chain_of_custody.types import CustodyKind, HandOverState, LineOutcome, PortionKind
from lims.numbering import IssuedNumber, NumberFate
from lims.verification import Check, Finding, count_rows
from sampling.models import Sample, SamplingForm
from sampling.types import SampleState

LABEL_FORM = "^L[0-9]{9}$"
BEFORE_RECEPTION = (SampleState.ISSUED, SampleState.SAMPLED, SampleState.IN_TRANSIT, SampleState.VOID)
ON_THE_BENCH = (SampleState.RECODED, SampleState.TESTING, SampleState.LOCKED)
COUNT_CUSTODY_ENTRY = "SELECT count(*) FROM custody_entry"
COUNT_HAND_OVER_LINE = "SELECT count(*) FROM hand_over_line"
COUNT_PORTION = "SELECT count(*) FROM portion"
COUNT_SAMPLE = "SELECT count(*) FROM sample"
COUNT_BLIND_CODE = "SELECT count(*) FROM blind_code"
BEFORE = aliased(CustodyEntry)
BROKEN_CHAINS = (
    select(CustodyEntry.portion_id)
    .outerjoin(BEFORE, and_(BEFORE.portion_id == CustodyEntry.portion_id, BEFORE.seq == CustodyEntry.seq - 1))
    .where(
        CustodyEntry.seq > 1,
        or_(
            BEFORE.seq.is_(None),
            BEFORE.holder_id != CustodyEntry.handed_by_id,
            BEFORE.at > CustodyEntry.at,
        ),
    )
    .order_by(CustodyEntry.portion_id, CustodyEntry.seq)
)
LOOSE_PORTIONS = (
    select(Portion.id)
    .where(
        or_(
            not_(exists().where(Seal.portion_id == Portion.id)),
            not_(exists().where(CustodyEntry.portion_id == Portion.id, CustodyEntry.kind == CustodyKind.SEALED)),
        )
    )
    .order_by(Portion.id)
)
OF_KIND = {kind: exists().where(Portion.sample_id == Sample.id, Portion.kind == kind) for kind in PortionKind}
BARE_SAMPLES = (
    select(Sample.id)
    .join(SamplingForm, SamplingForm.sample_id == Sample.id)
    .where(
        Sample.state.not_in((SampleState.ISSUED, SampleState.SAMPLED, SampleState.VOID)),
        or_(
            not_(OF_KIND[PortionKind.TEST]),
            and_(SamplingForm.backup_qty.is_not(None), not_(OF_KIND[PortionKind.BACKUP])),
        ),
    )
    .order_by(Sample.id)
)
IS_RECEIVED = HandOverLine.outcome.in_((LineOutcome.RECEIVED, LineOutcome.BROKEN))
IS_MOVED = exists().where(
    CustodyEntry.portion_id == HandOverLine.portion_id,
    CustodyEntry.hand_over_id == HandOverLine.hand_over_id,
    CustodyEntry.kind == CustodyKind.HANDED_OVER,
    CustodyEntry.holder_id == HandOver.taken_by_id,
)
UNMOVED_LINES = (
    select(HandOverLine.portion_id)
    .join(HandOver, HandOver.id == HandOverLine.hand_over_id)
    .where(
        or_(
            and_(IS_RECEIVED, not_(IS_MOVED)),
            HandOverLine.is_open != (HandOver.state == HandOverState.OFFERED),
        )
    )
    .order_by(HandOverLine.hand_over_id, HandOverLine.portion_id)
)
RECEIVED_ASTRAY = (
    select(Sample.id)
    .outerjoin(Reception, Reception.sample_id == Sample.id)
    .where(
        or_(
            and_(Sample.state.in_(BEFORE_RECEPTION), Reception.sample_id.is_not(None)),
            and_(Sample.state.not_in(BEFORE_RECEPTION), Reception.sample_id.is_(None)),
            and_(Sample.state == SampleState.REFUSED, Reception.accepted),
            and_(Sample.state != SampleState.REFUSED, not_(Reception.accepted)),
        )
    )
    .order_by(Sample.id)
)
UNCODED_SAMPLES = (
    select(Sample.id)
    .where(Sample.state.in_(ON_THE_BENCH), not_(exists().where(BlindCode.sample_id == Sample.id)))
    .order_by(Sample.id)
)


def _violations(finding: Finding, session: Session, query: Select[UUID], table: str, column: str) -> Finding:
    for key in session.scalars(query):
        finding.violate(table, str(key), column)
    return finding


def check_chains(session: Session) -> Finding:
    """I2: chains begin with a seal, have no gap, and each entry follows the one before it in time and holder."""
    finding = Finding("I2 custody has no gap and no fork", checked=count_rows(session, COUNT_CUSTODY_ENTRY))
    return _violations(finding, session, BROKEN_CHAINS, "custody_entry", "handed_by_id")


def check_portions(session: Session) -> Finding:
    """I3: every portion has its seal and a holder."""
    finding = Finding("I3 every portion is sealed and held", checked=count_rows(session, COUNT_PORTION))
    return _violations(finding, session, LOOSE_PORTIONS, "portion", "id")


def check_backups(session: Session) -> Finding:
    """I3: what left its place has a test portion, and a backup portion unless the form says why not."""
    finding = Finding("I3 every sample that left has its portions", checked=count_rows(session, COUNT_SAMPLE))
    return _violations(finding, session, BARE_SAMPLES, "sample", "id")


def check_hand_overs(session: Session) -> Finding:
    """I2: what a confirmed list says was received is an entry of the chain to the person who confirmed."""
    finding = Finding("I2 every confirmed line moved its portion", checked=count_rows(session, COUNT_HAND_OVER_LINE))
    return _violations(finding, session, UNMOVED_LINES, "hand_over_line", "outcome")


def check_receptions(session: Session) -> Finding:
    """I3: a sample is past reception if and only if the laboratory wrote its checks down."""
    finding = Finding("I3 receptions agree with the states of samples", checked=count_rows(session, COUNT_SAMPLE))
    return _violations(finding, session, RECEIVED_ASTRAY, "reception", "accepted")


def check_blind_codes(session: Session) -> Finding:
    """Every blind code is well formed and belongs to an accepted sample; none is missing where testing has begun."""
    finding = Finding("I13 blind codes are whole", checked=count_rows(session, COUNT_BLIND_CODE))
    for code in session.scalars(select(BlindCode.code).order_by(BlindCode.code)):
        if not is_blind_code(code):
            finding.violate("blind_code", code, "code")
    return _violations(finding, session, UNCODED_SAMPLES, "blind_code", "sample_id")


def check_labels(session: Session) -> Finding:
    """I4: a pre-printed label is used if and only if it is on one portion, and its block is one that was taken."""
    finding = Finding("I4 every pre-printed label has exactly one fate")
    rows = session.execute(
        select(IssuedNumber.n, IssuedNumber.fate, LabelBlock.id)
        .outerjoin(
            LabelBlock,
            and_(
                cast(LabelBlock.id, Text) == IssuedNumber.holder,
                IssuedNumber.n.between(LabelBlock.first, LabelBlock.last),
            ),
        )
        .where(OF_LABELS)
        .order_by(IssuedNumber.n)
    ).all()
    on_portions = set(session.scalars(select(Portion.portion_no).where(Portion.portion_no.regexp_match(LABEL_FORM))))
    for number, fate, block_id in rows:
        finding.checked += 1
        is_on_portion = label_no(number) in on_portions
        on_portions.discard(label_no(number))
        if block_id is None or is_on_portion != (fate is NumberFate.USED):
            finding.violate("issued_number", f"series={SERIES}|scope={SCOPE}|n={number}", "fate")
    for stranger in sorted(on_portions):
        finding.violate("portion", stranger, "portion_no")
    return finding


CHECKS: tuple[Check, ...] = (
    check_chains,
    check_portions,
    check_backups,
    check_hand_overs,
    check_receptions,
    check_blind_codes,
    check_labels,
)
