"""Reads of what ends in a laboratory: people, instruments, materials, methods and scope."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from instruments.models import Calibration, Instrument, IntermediateCheck, ReagentLot
from lims.catalog.models import Method, Standard, StandardEdition
from lims.catalog.parameters import parameters_in_force
from lims.i18n import gettext
from lims.people.authorisations import KIND_NAMES
from lims.people.models import Accreditation, Authorisation, AuthorisationRevocation, Employment, Person
from lims.people.queries import in_force
from lims.people.types import AuthorisationKind
from results.expiry.rules import board_of
from results.expiry.types import Blocks, BoardRow, Ending, ExpiryKind
from results.models import TestSet, TestSetItem
from results.preparations.models import Preparation
from results.quality.models import ControlLot
from results.types import TestSetState

WARNING = "expiry_warning"
RECHECK = "RECHECK"  # the scheme of the list of recheck laboratories
SHOWN_AFTER_DAYS = 365  # what ended longer ago is history, and stands on the page of the thing itself
ACTS = {
    AuthorisationKind.SIGN: Blocks.SIGNING,
    AuthorisationKind.SAMPLE: Blocks.SAMPLING,
    AuthorisationKind.TEST: Blocks.TESTING,
    AuthorisationKind.CUSTODY: Blocks.CUSTODY,
}


def board(session: Session, lab_id: UUID, today: date, kind: ExpiryKind | None = None) -> list[BoardRow]:
    """What ends in a laboratory, the earliest first; all of it or of one kind."""
    since = today - timedelta(days=SHOWN_AFTER_DAYS)
    sources = {
        ExpiryKind.PERSON: _people,
        ExpiryKind.INSTRUMENT: _instruments,
        ExpiryKind.MATERIAL: _materials,
        ExpiryKind.METHOD: _methods,
        ExpiryKind.SCOPE: _scope,
    }
    chosen = [kind] if kind is not None else list(sources)
    endings = [ending for one in chosen for ending in sources[one](session, lab_id, today)]
    warning = parameters_in_force(session, frozenset({WARNING}), today).get(WARNING)
    return board_of((one for one in endings if one.last_day >= since), today, int(warning or 0))


def _people(session: Session, lab_id: UUID, today: date) -> list[Ending]:
    """The authorisations of who is employed there; what was extended stands as its extension only."""
    later = aliased(Authorisation)
    employed = sa.exists().where(
        Employment.person_id == Authorisation.person_id, Employment.organisation_id == lab_id, *in_force(today)
    )
    rows = session.execute(
        sa.select(Authorisation, Person.name)
        .join(Person, Person.id == Authorisation.person_id)
        .where(
            Authorisation.organisation_id == lab_id,
            employed,
            ~sa.exists().where(later.extends_id == Authorisation.id),
            ~sa.exists().where(AuthorisationRevocation.authorisation_id == Authorisation.id),
        )
        .order_by(Authorisation.valid_to, Authorisation.id)
    )
    found: dict[tuple[UUID, AuthorisationKind, tuple[str, ...], tuple[str, ...]], Ending] = {}
    for row, name in rows:  # of several for the same, the one that holds longest counts
        limits = [*row.category_codes, *row.method_codes]
        detail = str(KIND_NAMES[row.kind]) + (f" · {'、'.join(limits)}" if limits else "")
        key = (row.person_id, row.kind, tuple(sorted(row.category_codes)), tuple(sorted(row.method_codes)))
        found[key] = Ending(ExpiryKind.PERSON, name, detail, row.valid_to, ACTS[row.kind])
    return list(found.values())


def _instruments(session: Session, lab_id: UUID, _today: date) -> list[Ending]:
    """The last calibration and the last intermediate check of each instrument."""
    rows = session.execute(
        sa.select(Instrument.id, Instrument.name, Calibration.certificate_no, Calibration.due_on)
        .join(Calibration, Calibration.instrument_id == Instrument.id)
        .where(Instrument.organisation_id == lab_id)
        .order_by(Calibration.due_on, Calibration.id)
    )
    last = {
        instrument_id: Ending(
            ExpiryKind.INSTRUMENT,
            name,
            certificate_no,
            due_on,
            Blocks.RELEASE,
            _page_of(instrument_id),
        )
        for instrument_id, name, certificate_no, due_on in rows
    }
    return [*last.values(), *_checks(session, lab_id)]


def _checks(session: Session, lab_id: UUID) -> list[Ending]:
    rows = session.execute(
        sa.select(Instrument.id, Instrument.name, IntermediateCheck.standard, IntermediateCheck.due_on)
        .join(IntermediateCheck, IntermediateCheck.instrument_id == Instrument.id)
        .where(Instrument.organisation_id == lab_id)
        .order_by(IntermediateCheck.checked_on, IntermediateCheck.due_on, IntermediateCheck.id)
    )
    last = {
        instrument_id: Ending(
            ExpiryKind.INSTRUMENT,
            name,
            gettext("Intermediate check: %(standard)s", standard=standard),
            due_on,
            Blocks.RELEASE,
            _page_of(instrument_id),
        )
        for instrument_id, name, standard, due_on in rows
    }
    return list(last.values())


def _materials(session: Session, lab_id: UUID, _today: date) -> list[Ending]:
    """Reagents in use, control materials and what the bench prepared."""
    reagents = session.execute(
        sa.select(ReagentLot, Instrument.name)
        .join(Instrument, Instrument.id == ReagentLot.instrument_id)
        .where(Instrument.organisation_id == lab_id, ReagentLot.used_up_at.is_(None))
    )
    prepared = session.scalars(
        sa.select(Preparation).where(Preparation.lab_id == lab_id, Preparation.discarded_at.is_(None))
    )
    lots = session.scalars(sa.select(ControlLot).where(ControlLot.lab_id == lab_id, ControlLot.withdrawn_at.is_(None)))
    return [
        *(
            Ending(
                ExpiryKind.MATERIAL,
                one.name,
                f"{one.lot_no} · {instrument}",
                one.expires_on,
                Blocks.MEASURING,
                _page_of(one.instrument_id),
            )
            for one, instrument in reagents
        ),
        *(
            Ending(
                ExpiryKind.MATERIAL,
                one.name,
                one.lot_no,
                one.expires_on,
                Blocks.BATCHES,
                ("control_lots.detail", (("lot_id", str(one.id)),)),
            )
            for one in lots
        ),
        *(
            Ending(
                ExpiryKind.MATERIAL,
                one.name,
                one.preparation_no,
                one.expires_on,
                Blocks.BATCHES,
                ("preparations.detail", (("number", one.preparation_no),)),
            )
            for one in prepared
        ),
    ]


def _methods(session: Session, lab_id: UUID, _today: date) -> list[Ending]:
    """Editions of the methods that the bench works by at present, where the catalogue knows their last day."""
    in_use = (
        sa.select(Method.standard)
        .join(TestSetItem, TestSetItem.method_id == Method.id)
        .join(TestSet, TestSet.id == TestSetItem.test_set_id)
        .where(TestSet.lab_id == lab_id, TestSet.state.in_([TestSetState.OPEN, TestSetState.TESTING]))
    )
    newer = aliased(StandardEdition)
    rows = session.execute(
        sa.select(Standard.number, StandardEdition.edition, StandardEdition.in_force_to)
        .join(StandardEdition, StandardEdition.standard_id == Standard.id)
        .where(
            Standard.number.in_(in_use),
            StandardEdition.in_force_to.is_not(None),
            ~sa.exists().where(newer.standard_id == Standard.id, newer.in_force_from > StandardEdition.in_force_from),
        )
    )
    return [
        Ending(ExpiryKind.METHOD, number, edition, last, Blocks.METHOD)
        for number, edition, last in rows
        if last is not None
    ]


def _scope(session: Session, lab_id: UUID, _today: date) -> Sequence[Ending]:
    """The accreditations of the laboratory; of several of one scheme and scope the one that holds longest counts."""
    rows = session.scalars(
        sa.select(Accreditation)
        .where(Accreditation.organisation_id == lab_id)
        .order_by(Accreditation.valid_to, Accreditation.id)
    )
    last = {
        (row.scheme, row.scope): Ending(
            ExpiryKind.SCOPE, f"{row.scheme} {row.certificate_no}", row.scope, row.valid_to, _blocked_by(row.scheme)
        )
        for row in rows
    }
    return list(last.values())


def _blocked_by(scheme: str) -> Blocks:
    return Blocks.RECHECKS if scheme == RECHECK else Blocks.MARK


def _page_of(instrument_id: UUID) -> tuple[str, tuple[tuple[str, str], ...]]:
    return "instruments.record_page", (("instrument_id", str(instrument_id)),)
