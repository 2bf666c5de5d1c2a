"""Making up a request for consent, step by step, before a bank sends it."""
