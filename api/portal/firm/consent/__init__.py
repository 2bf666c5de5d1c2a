"""A consent that a firm granted."""
