"""What people do with results, one function each."""
