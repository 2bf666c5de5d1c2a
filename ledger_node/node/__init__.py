"""Engines that run the chain: the embedded one (py-evm on SQLite)."""
