"""Sheets that another system exports: kept as they came, seen row by row, then taken.

Number blocks and tasks of the national system come this way. Each has its own table, rows and verdicts; how a sheet is
handed in, found again and locked while it is taken is here.
"""
