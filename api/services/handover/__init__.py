"""A firm lets one bank find it, by a code that counts once."""
