"""What people do with rounds and ballots."""

from citizen_votes.services.ballots import (
    AlreadyVotedError,
    cast_ballot,
    challenge_key,
    issue_challenge,
    mix_waiting,
    sweep_challenges,
    take_paper_ballot,
)
from citizen_votes.services.nominations import moderate, nominate
from citizen_votes.services.rounds import (
    close_due_rounds,
    close_round,
    count_round,
    create_round,
    destroy_key,
    note_outcome,
    open_round,
)

__all__ = [
    "AlreadyVotedError",
    "cast_ballot",
    "challenge_key",
    "close_due_rounds",
    "close_round",
    "count_round",
    "create_round",
    "destroy_key",
    "issue_challenge",
    "mix_waiting",
    "moderate",
    "nominate",
    "note_outcome",
    "open_round",
    "sweep_challenges",
    "take_paper_ballot",
]
