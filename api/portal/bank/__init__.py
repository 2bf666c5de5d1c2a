"""The bank: officers ask firms for consent, check, and read what changed."""
