"""What people and readers do with instruments, one function each."""
