"""Who looked at a firm: banks, and the firm itself."""
