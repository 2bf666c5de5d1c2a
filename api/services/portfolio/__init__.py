"""What a bank holds: consents by their end, answers that are to be deleted, and what changed since."""
