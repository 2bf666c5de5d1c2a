"""A firm sees what its answers to a bank would be, before it agrees."""
