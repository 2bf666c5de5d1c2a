"""What the vault and the ledger say of each other after a restore."""
