"""Subjects: registration and who controls them."""
