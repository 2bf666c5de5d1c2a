"""Passkeys that people sign in and sign with: their registration, where they are kept, and challenges."""
