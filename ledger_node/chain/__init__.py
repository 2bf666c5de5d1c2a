"""The Ledger port and its web3 client: several nodes as one, signing, submitting, reading at a block, events."""
