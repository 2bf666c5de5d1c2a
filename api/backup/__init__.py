"""Copies of an instance: encrypted backups of everything but its keys, the one copy of its keys, and restoring."""
