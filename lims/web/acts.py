"""A page with a form and one act behind it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from lims.errors import LimsError, NotFoundError
from lims.forms import PageForm
from lims.uow import UnitOfWork, unit_of_work
from lims.web.current import current_actor


def carry_out(form: PageForm, act: Callable[[UnitOfWork], Any]) -> int:
    """Do what a form asks for, in one transaction; what is refused stands in the form, with everything typed.

    Returns:
        The status of the page: 303 when it was done, 200 when nothing was sent, else why it was refused.

    Raises:
        NotFoundError: what it is about is not there, or not for this person.
    """
    if not form.is_submitted():
        return HTTPStatus.OK
    if not form.validate():
        return HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        with unit_of_work(current_actor()) as uow:
            act(uow)
    except NotFoundError:
        raise
    except LimsError as refusal:
        return form.refuse(refusal)
    return HTTPStatus.SEE_OTHER
