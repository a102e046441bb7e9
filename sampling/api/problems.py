"""What every route of this API may answer besides its own."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.catalog.queries import find_category
from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.web.api import ApiBlueprint, ProblemSchema

ViewT = TypeVar("ViewT", bound=Callable[..., Any])

READS = (401, 403, 404, 422)
WRITES = (401, 403, 404, 409, 422)


def refuses(blp: ApiBlueprint, statuses: tuple[int, ...] = WRITES) -> Callable[[ViewT], ViewT]:
    """Document the refusals of a route."""

    def mark(view: ViewT) -> ViewT:
        for status in statuses:
            view = blp.alt_response(status, schema=ProblemSchema)(view)
        return view

    return mark


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
