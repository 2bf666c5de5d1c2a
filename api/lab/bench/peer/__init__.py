"""Peers measured beside our own proofs; each module runs alone in an environment of its own (.venv-bench)."""
