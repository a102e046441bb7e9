"""A page with a form and one act behind it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Response, flash

from lims.actors import Actor
from lims.errors import LimsError, NotFoundError
from lims.forms import PageForm
from lims.uow import UnitOfWork, unit_of_work
from lims.web.current import current_actor


def carry_out(form: PageForm, act: Callable[[UnitOfWork], Any], *, actor: Actor | None = None) -> int:
    """Do what a form asks for, in one transaction; what is refused stands in the form, with everything typed.

    Args:
        form: what was sent.
        act: one service, or several in one transaction.
        actor: who acts where it is not the person behind the request: somebody without an account.

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
        with unit_of_work(actor or current_actor()) as uow:
            act(uow)
    except NotFoundError:
        raise
    except LimsError as refusal:
        return form.refuse(refusal)
    return HTTPStatus.SEE_OTHER


def press(act: Callable[[UnitOfWork], Any]) -> bool:
    """Do what a button asks for, in one transaction; why it was refused is told on the next page.

    Returns:
        Whether it was done.

    Raises:
        NotFoundError: what it is about is not there, or not for this person.
    """
    try:
        with unit_of_work(current_actor()) as uow:
            act(uow)
    except NotFoundError:
        raise
    except LimsError as refusal:
        flash(str(refusal), "error")
        return False
    return True


def paper(content: bytes, number: str) -> Response:
    """A PDF that opens in the browser, and is saved under its number."""
    answer = Response(content, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    return answer
