"""Calls that are answered once, however often they are sent."""
