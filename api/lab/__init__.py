"""What measures and shows the product; nothing of it serves."""
