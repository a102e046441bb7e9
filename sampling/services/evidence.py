"""Photos and signatures that came with a form that was refused: kept, so that nobody takes them twice."""

from collections.abc import Sequence

from lims import files
from lims.uow import UnitOfWork


def keep_pictures(uow: UnitOfWork, pictures: Sequence[bytes]) -> list[bytes]:
    """Store pictures before there is a sample to put them on; returns their hashes in order.

    Raises:
        InvalidInputError: one of them is no picture.
    """
    return [files.store_file(uow, content, allowed=files.IMAGES) for content in pictures]
