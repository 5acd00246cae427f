"""The rule text, both ways: ``spend > 10000 AND NOT inactive for 90 days``."""
