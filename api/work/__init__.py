"""How work is done again and again until it is done."""
