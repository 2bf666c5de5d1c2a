"""One-time codes: drawn, tried a few times, spent once."""
