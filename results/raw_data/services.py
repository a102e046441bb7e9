"""Attaching the raw data of a set."""

from uuid import uuid4

from lims.errors import ConflictError, InvalidInputError
from lims.files import store_file
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from results.queries import find_set
from results.raw_data.models import RawData
from results.raw_data.queries import list_raw_data
from results.types import TestSetState
from sampling.services.separation import claim_act, get_sample_for_act, sample_tuple
from sampling.types import DutyRole

MAX_FILES = 100  # of one set: a file for each injection of a long sequence
MAX_FILE_NAME = 200  # characters
MAX_NOTE = 400


def attach_raw_data(uow: UnitOfWork, blind_code: str, content: bytes, *, file_name: str, note: str = "") -> RawData:
    """Attach a file to a set as its tester; it can be added to and never taken away.

    Args:
        uow: the transaction.
        blind_code: of the set.
        content: the bytes, of whatever kind; they are kept under their SHA-256.
        file_name: as the instrument or the tester called it.
        note: what it shows.

    Locks the sample, so that nothing is attached behind a lock.

    Raises:
        NotFoundError: no such code in this laboratory.
        ConflictError: the set is not being tested, the file is attached already, or there are too many.
        InvalidInputError: the file is empty or too large.
        SeparationRefusedError: the person may not test this sample.
    """
    test_set = find_set(uow.session, blind_code, uow.actor.require_organisation())
    sample = get_sample_for_act(uow, test_set.sample_id)
    uow.session.refresh(test_set)
    if test_set.state is not TestSetState.TESTING:
        raise ConflictError(_l("Raw data are attached while a set is being tested."), field="file")
    known = list_raw_data(uow.session, test_set.id)
    if len(known) >= MAX_FILES:
        raise ConflictError(_l("A set has at most %(most)s files.", most=MAX_FILES), field="file")
    name = file_name.replace("\0", "").strip()[-MAX_FILE_NAME:]
    if not name:
        raise InvalidInputError(_l("The file has no name."), field="file")
    claim_act(uow, sample_tuple(sample), DutyRole.TESTER)
    try:
        digest = store_file(uow, content)
    except InvalidInputError as refusal:
        raise InvalidInputError(refusal.message, field="file") from refusal
    attached = RawData(
        id=uuid4(),
        test_set_id=test_set.id,
        sample_id=test_set.sample_id,
        sha256=digest,
        file_name=name,
        note=note.strip(),
        attached_by_id=uow.actor.require_person(),
        attached_role=DutyRole.TESTER,
        attached_at=uow.now,
    )
    uow.session.add(attached)
    uow.session.flush()
    return attached
