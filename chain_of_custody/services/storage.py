"""Where portions stand: a tree of places, and moves that are scans."""

from uuid import UUID, uuid4

from sqlalchemy import func, or_, select

from chain_of_custody.models import BackupRelease, BlindCode, HandOverLine, Portion, Seal, StorageMove, StoragePlace
from chain_of_custody.queries import current_entries
from chain_of_custody.rules import normalise_scan
from chain_of_custody.types import CustodyKind, PlaceLevel, PortionKind
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.people.authorisations import Needed, require_authorised
from lims.people.types import AuthorisationKind
from lims.uow import UnitOfWork
from sampling.models import Sample
from sampling.services.separation import get_sample_for_act

DEPTH = {level: depth for depth, level in enumerate(PlaceLevel)}


def add_place(uow: UnitOfWork, code: str, name: str, level: PlaceLevel, parent_id: UUID | None = None) -> StoragePlace:
    """Put a place into the tree of one's own organisation.

    Raises:
        NotFoundError: no such parent here.
        InvalidInputError: no code, or a place that does not lie inside its parent (a room in a box).
        ConflictError: the code is taken.
    """
    organisation_id = uow.actor.require_organisation()
    label = normalise_scan(code)
    if not label:
        raise InvalidInputError(_l("Fill in the code on the label of the place."), field="code")
    if parent_id is not None:
        parent = uow.session.get(StoragePlace, parent_id)
        if parent is None or parent.organisation_id != organisation_id:
            raise NotFoundError
        if DEPTH[parent.level] >= DEPTH[level]:
            raise InvalidInputError(_l("This place cannot lie inside %(code)s.", code=parent.code), field="level")
    elif level is not PlaceLevel.SITE:
        raise InvalidInputError(_l("Only a site stands by itself: say where this place lies."), field="parent_id")
    place = StoragePlace(
        id=uuid4(), organisation_id=organisation_id, parent_id=parent_id, level=level, code=label, name=name.strip()
    )
    uow.session.add(place)
    uow.session.flush()
    return place


def move_portion(uow: UnitOfWork, portion_no: str, place_code: str) -> StorageMove:
    """Note that a portion was put into a place; both were scanned, the portion by any label that it bears.

    Raises:
        NotFoundError: the organisation holds no such portion.
        ConflictError: it was disposed of.
        InvalidInputError: it has no such place.
        NotAuthorisedError: the actor is not authorised to keep samples of this food.
    """
    organisation_id = uow.actor.require_organisation()
    read = normalise_scan(portion_no)
    sealed = select(Seal.portion_id).where(Seal.seal_no == read)
    coded = select(BlindCode.portion_id).where(BlindCode.code == read)  # all that a repacked portion bears
    found = uow.session.execute(
        select(Portion, Sample.category_id)
        .join(Sample, Sample.id == Portion.sample_id)
        .where(or_(Portion.portion_no == read, Portion.id.in_(sealed), Portion.id.in_(coded)))
        .order_by(Portion.portion_no != read)  # a number of its own before what another bears
        .limit(1)
    ).one_or_none()
    if found is None:
        raise NotFoundError
    portion, category_id = found
    entry = current_entries(uow.session, [portion.id])[portion.id]
    if entry.organisation_id != organisation_id:
        raise NotFoundError
    if entry.kind is CustodyKind.DISPOSED:
        raise ConflictError(_l("%(number)s was disposed of.", number=portion.portion_no), field="portion_no")
    keeper = Needed.of(uow.actor, AuthorisationKind.CUSTODY)
    require_authorised(uow.session, [keeper], local_date(uow.now), category_id=category_id)
    place = uow.session.scalar(
        select(StoragePlace).where(
            StoragePlace.organisation_id == organisation_id, StoragePlace.code == normalise_scan(place_code)
        )
    )
    if place is None:
        raise InvalidInputError(_l("There is no place %(code)s here.", code=place_code), field="place_code")
    moved = StorageMove(
        id=uuid4(),
        portion_id=portion.id,
        sample_id=portion.sample_id,
        place_id=place.id,
        moved_by_id=uow.actor.require_person(),
        moved_at=uow.now,
    )
    uow.session.add(moved)
    return moved


def release_backup(uow: UnitOfWork, sample_id: UUID, to_organisation_id: UUID, reason: str) -> BackupRelease:
    """Let the backup portion of a sample go to the laboratory that rechecks it; its holder hands it over as usual.

    Raises:
        ConflictError: the sample has no backup portion, or it was released before or disposed of.
    """
    get_sample_for_act(uow, sample_id)  # a disposal of its portions locks it as well
    portion = uow.session.scalar(
        select(Portion).where(Portion.sample_id == sample_id, Portion.kind == PortionKind.BACKUP)
    )
    if portion is None:
        raise ConflictError(_l("No backup portion of this sample is kept."))
    if current_entries(uow.session, [portion.id])[portion.id].kind is CustodyKind.DISPOSED:
        raise ConflictError(_l("%(number)s was disposed of.", number=portion.portion_no))
    before = select(func.count()).where(BackupRelease.portion_id == portion.id)
    released = BackupRelease(
        portion_id=portion.id,
        number=(uow.session.scalar(before) or 0) + 1,
        sample_id=sample_id,
        portion_kind=PortionKind.BACKUP,
        to_organisation_id=to_organisation_id,
        reason=reason,
        released_by_id=uow.actor.require_person(),
        released_at=uow.now,
    )
    uow.session.add(released)
    uow.session.flush()
    return released


def withdraw_release(uow: UnitOfWork, sample_id: UUID, reason: str) -> BackupRelease:
    """Take the release of a backup portion back, while its laboratory still has it: the other one declined.

    Raises:
        ConflictError: nothing is released, the portion left already, or it is on its way.
    """
    get_sample_for_act(uow, sample_id)
    released = uow.session.scalar(
        select(BackupRelease).where(BackupRelease.sample_id == sample_id, BackupRelease.withdrawn_at.is_(None))
    )
    if released is None:
        raise ConflictError(_l("No backup portion of this sample is released."))
    portion = uow.session.get_one(Portion, released.portion_id)
    if current_entries(uow.session, [portion.id])[portion.id].organisation_id == released.to_organisation_id:
        raise ConflictError(_l("%(number)s is with the laboratory it was released to.", number=portion.portion_no))
    under_way = select(HandOverLine.hand_over_id).where(HandOverLine.portion_id == portion.id, HandOverLine.is_open)
    if uow.session.scalar(under_way) is not None:
        raise ConflictError(
            _l("%(number)s is offered to somebody: its sender takes the list back first.", number=portion.portion_no)
        )
    released.withdrawn_at, released.withdrawn_by_id = uow.now, uow.actor.require_person()
    released.withdrawal = reason
    uow.session.flush()
    return released
