"""What the routes of this API share."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.catalog.queries import find_category
from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l


def said(answered: tuple[Mapping[str, Any], int]) -> ResponseReturnValue:
    """An answer kept beside its key, as Flask takes it."""
    body, status = answered
    return dict(body), status


def food_id(session: Session, code: str, field: str = "food_category_code") -> UUID:
    """The category with this code.

    Raises:
        InvalidInputError: there is none.
    """
    category = find_category(session, code)
    if category is None:
        raise InvalidInputError(_l("There is no food category %(code)s.", code=code), field=field)
    return category.id
