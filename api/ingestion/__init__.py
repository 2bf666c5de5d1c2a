"""Reading departments' exports: cells, rows, and what is wrong with them."""
