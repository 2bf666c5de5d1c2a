"""Evidence as it is stored and shown."""
