"""The receipts of a firm."""
