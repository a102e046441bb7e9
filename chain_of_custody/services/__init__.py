"""What people do with portions: seal, hand over, receive, recode, store."""

from chain_of_custody.services.blindness import (
    ON_THE_BENCH,
    code_check_sample,
    decide_unblinding,
    recode,
    relabel,
    request_unblinding,
)
from chain_of_custody.services.hand_overs import (
    confirm_hand_over,
    hand_to_courier,
    offer_hand_over,
    resolve_exception,
    withdraw_hand_over,
)
from chain_of_custody.services.label_blocks import note_block_print, spoil_label, take_label_block
from chain_of_custody.services.labels import note_print
from chain_of_custody.services.portions import portion_amounts, seal_portions
from chain_of_custody.services.reception import decide_reception, give_up_sample, record_reception
from chain_of_custody.services.storage import add_place, move_portion, release_backup, withdraw_release

__all__ = [
    "ON_THE_BENCH",
    "add_place",
    "code_check_sample",
    "confirm_hand_over",
    "decide_reception",
    "decide_unblinding",
    "give_up_sample",
    "hand_to_courier",
    "move_portion",
    "note_block_print",
    "note_print",
    "offer_hand_over",
    "portion_amounts",
    "recode",
    "record_reception",
    "relabel",
    "release_backup",
    "request_unblinding",
    "resolve_exception",
    "seal_portions",
    "spoil_label",
    "take_label_block",
    "withdraw_hand_over",
    "withdraw_release",
]
