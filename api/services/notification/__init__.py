"""Notices to those whom an entry of the ledger concerns."""
