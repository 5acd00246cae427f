"""What each recipe of CONTRIBUTING.md leads to. Run on a copy of the code in which it was carried out."""
