"""What people and their systems talk to: HTTP API, use cases, storage, Python client and command line."""
