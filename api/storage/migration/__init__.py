"""Versions of the databases: how each is made from the one before it, and undone."""
