"""Evidence: one file that proves an answer offline, and the rules that check it against a trust file.

Like all of the domain it has no I/O and no clock. docs/format.md, clause 16, gives it byte for byte.
"""
