"""Decisions of quality control, without a database."""
