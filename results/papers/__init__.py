"""The papers of results: the test report, the result notice with its receipt, the 24-hour report.

Everything is as it is to be printed; None prints as `/`.
"""
