"""Reads of quality control."""
