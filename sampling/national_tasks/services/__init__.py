"""Tasks of the national system: taken from a sheet, divided, moved while they have not begun, and written out."""
