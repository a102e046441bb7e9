"""The clocks of the portions that a laboratory keeps."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, select
from sqlalchemy.orm import Session, aliased

from chain_of_custody.keeping.models import Disposal, DisposalLine
from chain_of_custody.keeping.rules import keep_until, keeping_state, shelf_life_end
from chain_of_custody.keeping.sources import conclusions_of, holds_of
from chain_of_custody.keeping.types import (
    DisposalState,
    Hold,
    HoldKind,
    KeepingState,
    KeptPortion,
)
from chain_of_custody.models import BackupRelease, CustodyEntry, Portion, StorageMove, StoragePlace
from chain_of_custody.types import CustodyKind, PortionKind
from lims.catalog.queries import deadlines, get_parameter
from lims.clock import local_date
from sampling.models import Sample, SamplingForm
from sampling.types import SamplePurpose, SampleState

PERIODS = {True: "keep_backup_pass", False: "keep_backup_fail"}
DISPOSE = "dispose_backup"
ENDED_EARLY = frozenset({SampleState.REFUSED, SampleState.NOT_TESTED, SampleState.VOID})
ORDER = {state: place for place, state in enumerate(KeepingState)}


def held_by_lab(lab_id: UUID) -> Select[Any]:
    """Portions that arrived at a laboratory and are there still: its custodians hold them."""
    following = aliased(CustodyEntry)
    return (
        select(Portion.id)
        .join(CustodyEntry, CustodyEntry.portion_id == Portion.id)
        .where(
            CustodyEntry.organisation_id == lab_id,
            CustodyEntry.kind == CustodyKind.HANDED_OVER,
            ~exists().where(following.portion_id == Portion.id, following.seq == CustodyEntry.seq + 1),
        )
    )


def list_kept(
    session: Session, lab_id: UUID, today: date, portion_ids: Collection[UUID] | None = None
) -> list[KeptPortion]:
    """The backup portions a laboratory keeps, each with its clock: what is most pressing first, then by end and number.

    Args:
        session: to read with.
        lab_id: whose store.
        today: local day.
        portion_ids: these portions only, of either kind.
    """
    chosen = Portion.kind == PortionKind.BACKUP if portion_ids is None else Portion.id.in_(portion_ids)
    place = (
        select(StoragePlace.code)
        .join(StorageMove, StorageMove.place_id == StoragePlace.id)
        .where(StorageMove.portion_id == Portion.id)
        .order_by(StorageMove.moved_at.desc(), StorageMove.id.desc())
        .limit(1)
        .correlate(Portion)
        .scalar_subquery()
    )
    is_proposed = (
        exists()
        .where(DisposalLine.portion_id == Portion.id, DisposalLine.stands)
        .where(Disposal.id == DisposalLine.disposal_id, Disposal.state == DisposalState.PROPOSED)
        .correlate(Portion)
    )
    rows: Sequence[Any] = session.execute(
        select(
            Portion,
            Sample.sampling_no,
            Sample.state,
            SamplingForm.product_name,
            SamplingForm.product_date,
            SamplingForm.shelf_life,
            place.label("place_code"),
            is_proposed.label("is_proposed"),
            BackupRelease,
        )
        .join(Sample, Sample.id == Portion.sample_id)
        .join(SamplingForm, SamplingForm.sample_id == Portion.sample_id)
        .outerjoin(BackupRelease, and_(BackupRelease.portion_id == Portion.id, BackupRelease.withdrawn_at.is_(None)))
        .where(
            Portion.id.in_(held_by_lab(lab_id)),
            Sample.lab_id == lab_id,
            Sample.purpose == SamplePurpose.INSPECTION,
            chosen,
        )
        .order_by(Portion.portion_no)
    ).all()
    sample_ids = {row.Portion.sample_id for row in rows}
    concluded, holds = conclusions_of(session, sample_ids), holds_of(session, sample_ids)
    instants = {found.at for found in concluded.values()}
    if instants:
        calendar, passed = deadlines(session, PERIODS[True], instants)
        _calendar, failed = deadlines(session, PERIODS[False], instants)
        grace = int(get_parameter(session, DISPOSE, today).value)
    kept = []
    for row in rows:
        found = concluded.get(row.Portion.sample_id)
        until = shelf = dispose_by = None
        is_cut_short = False
        if found is not None:
            shelf = shelf_life_end(row.product_date, row.shelf_life)
            period = (passed if found.is_pass else failed)[found.at].on
            until = keep_until(period, shelf)
            is_cut_short = until < period
            # What was past its shelf life at its conclusion is due from the conclusion on.
            dispose_by = calendar.add_natural_days(max(until, local_date(found.at)), grace).on
        held = tuple(holds.get(row.Portion.sample_id, ()))
        if row.BackupRelease is not None:
            held += (Hold(HoldKind.RELEASED, row.BackupRelease.reason, row.BackupRelease.released_at),)
        kept.append(
            KeptPortion(
                portion_id=row.Portion.id,
                sample_id=row.Portion.sample_id,
                sampling_no=row.sampling_no,
                portion_no=row.Portion.portion_no,
                quantity=f"{row.Portion.quantity:f} {row.Portion.quantity_unit}",
                product_name=row.product_name,
                place_code=row.place_code,
                concluded=found,
                keep_until=until,
                shelf_life_until=shelf,
                is_cut_short=is_cut_short,
                dispose_by=dispose_by,
                holds=held,
                state=state_of(row, today, until, dispose_by, held),
            )
        )
    return sorted(kept, key=lambda one: (ORDER[one.state], one.keep_until or date.max, one.portion_no))


def state_of(
    row: Any, today: date, until: date | None, dispose_by: date | None, holds: Collection[Hold]
) -> KeepingState:
    """Where the clock of one row stands; a sample that ended without a conclusion needs no keeping."""
    if row.state in ENDED_EARLY and not holds and not row.is_proposed:
        return KeepingState.DUE
    return keeping_state(today, until, dispose_by, holds, is_proposed=row.is_proposed)


def count_keeping(kept: Iterable[KeptPortion]) -> Counter[KeepingState]:
    """How many portions stand in each state."""
    return Counter(one.state for one in kept)
