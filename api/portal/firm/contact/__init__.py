"""Where a firm is told things."""
