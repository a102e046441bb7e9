"""Decisions about plans and draws as pure functions on plain values."""
