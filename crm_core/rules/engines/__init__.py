"""What evaluates a bound rule: MongoDB, a mask over columns, and one customer at a time."""
