"""The Ledger port and its JSON-RPC client: several nodes as one, signing, submitting, reading at a pinned block, events."""
