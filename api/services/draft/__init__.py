"""Consents that a firm's signers draw up on pages, and what several of them sign one after the other."""
