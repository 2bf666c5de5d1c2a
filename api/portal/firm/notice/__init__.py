"""What a firm was told."""
