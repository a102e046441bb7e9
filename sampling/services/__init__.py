"""What people do in sampling, one function each."""
