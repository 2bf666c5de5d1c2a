"""Use cases: what members and subjects do, in terms of domain, ledger, vault and store."""
