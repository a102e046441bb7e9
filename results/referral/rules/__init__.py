"""Decisions about referrals, branches and their handling."""
