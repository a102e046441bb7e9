"""A password given again by somebody who is logged in: counted and throttled as at the login."""

from datetime import datetime

from flask import current_app, request

from lims.actors import PUBLIC
from lims.auth.login import (
    check_account_throttle,
    check_own_password,
    confirm_person,
    network_digest,
    note_own_attempt,
)
from lims.uow import unit_of_work
from lims.web.current import current_actor, current_login
from lims.web.guard import SESSION_COOKIE


def take_password(password: str, *, field: str = "password") -> datetime:
    """Check the password of the account behind the request; a browser's session keeps that it was confirmed now.

    Each step has a transaction of its own, so that a failure counts whatever becomes of the request.

    Args:
        password: as it was typed.
        field: where it was typed.

    Returns:
        The instant at which it was right.

    Raises:
        LoginRefusedError: it does not fit.
        TooManyAttemptsError: it was wrong too often; the wait is told.
    """
    actor = current_actor()
    network = network_digest(str(current_app.config["SECRET_KEY"]), request.remote_addr)
    with unit_of_work(PUBLIC) as uow:
        check_account_throttle(uow.session, actor, network, uow.now, field=field)
    fits = False
    try:
        with unit_of_work(actor) as uow:
            check_own_password(uow, password, field=field)
            if current_login() is not None:
                confirm_person(uow, request.cookies.get(SESSION_COOKIE, ""))
            confirmed_at = uow.now
        fits = True
    finally:
        with unit_of_work(PUBLIC) as uow:
            note_own_attempt(uow, actor, network, succeeded=fits)
    return confirmed_at
