"""The demonstration: the whole story on a consortium of one, with synthetic data, told and timed."""
