"""Profiles of a laboratory's own: drawn up once for an export that no shipped profile knows."""

from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import func, select

from instruments.files.drafts import ProfileDraft, to_document
from instruments.files.profiles import ProfileError, parse_profile
from instruments.models import FileProfileVersion
from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork


def save_profile(uow: UnitOfWork, draft: ProfileDraft, headings: Sequence[str]) -> FileProfileVersion:
    """Keep a draft as the next version of the profile of its name. Files read by an earlier one stay with that one.

    Raises:
        InvalidInputError: the draft contradicts itself or says too little; the message says what.
    """
    if not draft.name:
        raise InvalidInputError(_l("Give the profile a name."), field="title")
    organisation_id = uow.actor.require_organisation()
    latest = uow.session.scalar(
        select(func.max(FileProfileVersion.version)).where(
            FileProfileVersion.organisation_id == organisation_id, FileProfileVersion.name == draft.name
        )
    )
    document = to_document(draft, headings, (latest or 0) + 1)
    try:
        profile = parse_profile(document)
    except ProfileError as error:
        raise InvalidInputError(error.message) from error
    saved = FileProfileVersion(
        id=uuid4(),
        organisation_id=organisation_id,
        name=profile.name,
        version=profile.version,
        document=document,
        made_at=uow.now,
        made_by_id=uow.actor.require_person(),
    )
    uow.session.add(saved)
    uow.session.flush()
    return saved
