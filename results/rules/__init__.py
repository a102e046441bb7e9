"""How results are judged: pure functions on plain values, no framework, no clock, no database."""
