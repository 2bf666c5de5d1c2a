"""The versions of the store, one module each."""
