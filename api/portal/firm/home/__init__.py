"""The first page of a firm."""
