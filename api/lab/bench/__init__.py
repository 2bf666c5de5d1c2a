"""Benchmarks: what issuing, verifying and reopening cost, on a fresh consortium of one."""
