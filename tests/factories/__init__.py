"""Builders of the valid ordinary case, one module for each package; a test names only what matters to it."""
