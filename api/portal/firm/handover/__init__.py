"""A firm lets one bank find it."""
