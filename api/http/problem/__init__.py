"""Answers that are refusals, after RFC 9457, and their words."""
