"""What follows a conclusion: notices and their service; and for a fail its referral, branches and handling."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:  # noqa: ARG001 - pages come with the next lines of this package
    """Register what referrals bring."""
    from datetime import timedelta

    from lims.outbox.tasks import register_periodic, register_task
    from lims.verification import register_check
    from results.referral import subscribers, tasks, verification

    subscribers.register()
    register_task(subscribers.SEND, tasks.send)
    register_periodic("results.referral.escalate", timedelta(minutes=10), tasks.escalate)
    for check in verification.REFERRALS:
        register_check("referrals", check)
