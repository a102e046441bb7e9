"""What people do with referrals, notices and cases."""

from results.referral.services.cases import (
    accept_branch,
    acknowledge,
    attach,
    close_branch,
    dispatch,
    raise_severity,
    return_branch,
    save_part,
    transfer,
    withdraw_producer,
    withdraw_referral,
)
from results.referral.services.escalation import escalate_due, mark_sent
from results.referral.services.notices import serve_notice, serve_passes
from results.referral.services.opening import SignedConclusion, act_on_conclusion

__all__ = [
    "SignedConclusion",
    "accept_branch",
    "acknowledge",
    "act_on_conclusion",
    "attach",
    "close_branch",
    "dispatch",
    "escalate_due",
    "mark_sent",
    "raise_severity",
    "return_branch",
    "save_part",
    "serve_notice",
    "serve_passes",
    "transfer",
    "withdraw_producer",
    "withdraw_referral",
]
