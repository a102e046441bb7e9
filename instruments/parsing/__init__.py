"""Parsers: from one unit to readings. Pure, so that the journal can be parsed again after a fix."""
