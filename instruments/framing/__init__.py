"""Framers: from bytes in any chunking to frames. No clock, no input or output inside."""
