"""Drivers: how one kind of instrument is framed, parsed and asked. See docs/drivers.md."""
