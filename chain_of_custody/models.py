"""Tables of chain of custody."""
