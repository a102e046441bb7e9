"""Drivers of our laboratory for Fenjian."""
