"""The ledger: pure rules (``domain``), the client of a chain (``chain``) and the engines (``node``)."""
