"""Rechecks: applied for, decided, drawn, tested again by others, and final."""
