"""Tests; their folders are those of the packages, and kits lie in ``tests.kit``."""
