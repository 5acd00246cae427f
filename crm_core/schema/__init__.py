"""What a customer, an order and an event have: one row a field, which everything else is derived from or reads."""
