"""Erasure of a subject, and what follows from one."""
