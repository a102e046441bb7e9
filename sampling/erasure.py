"""What is personal about the people of a business on a sampling form, and when it may go."""

from collections.abc import Collection, Iterable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.erasure import Place, SubjectKind
from lims.erasure.subjects import GONE
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from sampling.models import FormCorrection, Sample, SampleSignature
from sampling.rules.form import PERSONAL
from sampling.rules.states import ENDS
from sampling.types import SignerKind

OUTSIDERS = (SignerKind.SAMPLED_PARTY, SignerKind.PRODUCER)  # the team's own names are erased with the person


def _find(session: Session, sampling_no: str) -> UUID | None:
    return session.scalar(sa.select(Sample.id).where(Sample.sampling_no == sampling_no.upper()))


def _obstacle(session: Session, sample_id: UUID) -> LazyString | None:
    state = session.scalar(sa.select(Sample.state).where(Sample.id == sample_id))
    if state not in ENDS:
        return _l("This sample has not come to its end; its notices and rechecks still need who to turn to.")
    return None


def _held(session: Session, sample_id: UUID) -> Iterable[Place]:
    yield Place("sampling_form", {"sample_id": sample_id}, dict.fromkeys(PERSONAL))
    signed = sa.select(SampleSignature.signer).where(
        SampleSignature.sample_id == sample_id, SampleSignature.signer.in_(OUTSIDERS)
    )
    for signer in session.scalars(signed.order_by(SampleSignature.signer)):
        yield Place("sample_signature", {"sample_id": sample_id, "signer": signer}, {"signer_name": GONE})
    corrected = sa.select(FormCorrection.id).where(
        FormCorrection.sample_id == sample_id, FormCorrection.field.in_(PERSONAL)
    )
    for correction_id in session.scalars(corrected.order_by(FormCorrection.id)):
        yield Place("form_correction", {"id": correction_id}, {"old_value": None, "new_value": GONE})


def _called(session: Session, sample_ids: Collection[UUID]) -> dict[UUID, str]:
    numbers = sa.select(Sample.id, Sample.sampling_no).where(Sample.id.in_(sample_ids))
    return dict(session.execute(numbers).all())


SAMPLE = SubjectKind("sample", _l("The people on a sampling form"), _find, _obstacle, _called)
SAMPLE.held.append(_held)
