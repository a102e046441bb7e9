"""Persons, their employments and accounts, organisations and what they are accredited for."""
