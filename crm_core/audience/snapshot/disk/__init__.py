"""The copy of the snapshot in the data folder, from which the next start goes on."""
