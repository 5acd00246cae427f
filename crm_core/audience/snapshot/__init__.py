"""The customers, orders and events of the workspace as columns in memory, kept as fresh as the database tells."""
