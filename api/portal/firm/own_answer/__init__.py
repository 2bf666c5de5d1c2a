"""What the answers of a firm to a request would be."""
