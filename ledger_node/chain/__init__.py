"""The Ledger port and its web3 client: signing, submitting, reading at a pinned block, events."""
