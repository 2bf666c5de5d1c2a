"""Accounts of the chain tests: numbers of the node's allowlist."""

GOVERNOR, RELAYER, STRANGER = (bytes([number]) * 32 for number in (1, 2, 3))
RELAYER_ID = b"\x0e" * 32
