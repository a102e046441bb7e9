"""Figures of product performance, printed by `lims bench`; each beside a bare operation measured in the same run."""
