"""The virtual board: cache model, kernel copies, USB card, virtual time."""
