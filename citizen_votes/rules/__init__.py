"""Decisions about ballots as pure functions on plain values."""
