"""Real processes that are killed at chosen points."""
