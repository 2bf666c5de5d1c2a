"""Withdrawing by a slip."""
