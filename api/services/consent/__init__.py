"""Consents: asked for, granted, withdrawn."""
