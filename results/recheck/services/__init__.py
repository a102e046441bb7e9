"""What people do with rechecks."""

from results.recheck.services.applications import (
    accept_recheck,
    apply_by_notice,
    apply_for_recheck,
    refuse_recheck,
)
from results.recheck.services.bench import (
    conclude_recheck,
    enter_recheck_results,
    receive_backup,
    tell_first_lab,
)
from results.recheck.services.clocks import extend_clock
from results.recheck.services.common import NoLaboratoryError, RecheckRefusedError
from results.recheck.services.fees import FeeOpenError, note_advance, note_repayment, state_fee
from results.recheck.services.laboratories import (
    decline_recheck,
    draw_laboratory,
    end_link,
    judge_decline,
    record_link,
)

__all__ = [
    "FeeOpenError",
    "NoLaboratoryError",
    "RecheckRefusedError",
    "accept_recheck",
    "apply_by_notice",
    "apply_for_recheck",
    "conclude_recheck",
    "decline_recheck",
    "draw_laboratory",
    "end_link",
    "enter_recheck_results",
    "extend_clock",
    "judge_decline",
    "note_advance",
    "note_repayment",
    "receive_backup",
    "record_link",
    "refuse_recheck",
    "state_fee",
    "tell_first_lab",
]
