"""The versions of the key ledger, one module each."""
