"""Files that instruments export: bytes first, then a table of texts, then readings by a profile that is data."""
