"""Labels that leave the printer: the first time because they are needed, again only with a reason."""

from uuid import UUID, uuid4

from sqlalchemy import func, select

from chain_of_custody.models import LabelPrint
from chain_of_custody.types import LabelFormat, LabelKind
from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from sampling.services.separation import get_sample_for_act


def note_print(
    uow: UnitOfWork, sample_id: UUID, kind: LabelKind, written_in: LabelFormat, reason: str | None = None
) -> LabelPrint:
    """Note that the labels of one kind of a sample are printed; two prints at once wait for each other.

    Args:
        uow: the transaction of whoever prints; the caller has asked whether they may see the portions.
        sample_id: whose labels.
        kind: of which kind.
        written_in: for which printer.
        reason: why again; nothing the first time.

    Raises:
        NotFoundError: no such sample.
        InvalidInputError: they were printed before, and no reason is given.
    """
    get_sample_for_act(uow, sample_id)
    before = select(func.count()).where(LabelPrint.sample_id == sample_id, LabelPrint.kind == kind)
    printed = uow.session.scalar(before) or 0
    why = (reason or "").strip() or None
    if printed and why is None:
        raise InvalidInputError(
            _l("These labels were printed %(count)s times already. Say why again.", count=printed), field="reason"
        )
    noted = LabelPrint(
        id=uuid4(),
        sample_id=sample_id,
        kind=kind,
        print_no=printed + 1,
        written_in=written_in,
        reason=why if printed else None,
        printed_by_id=uow.actor.require_person(),
        printed_at=uow.now,
    )
    uow.session.add(noted)
    return noted
