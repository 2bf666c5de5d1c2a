"""Issuing attestations: uploads, rows, signed batches."""
