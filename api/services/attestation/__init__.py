"""Attestations as the vault holds them."""
