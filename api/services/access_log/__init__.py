"""The access log: who asked what of whom."""
