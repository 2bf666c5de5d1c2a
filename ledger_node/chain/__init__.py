"""The Ledger port and its JSON-RPC client: several nodes as one, sending until mined, reading at one block, events."""
