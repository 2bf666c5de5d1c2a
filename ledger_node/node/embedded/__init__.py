"""The embedded engine: py-evm state on SQLite, one fsynced transaction a block, JSON-RPC over HTTP."""
