"""The records about a firm, and their values after a signed look."""
