"""What people do with batches, control materials and holds."""
