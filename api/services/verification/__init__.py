"""Verifications: from a bank's question to its answer with evidence."""
