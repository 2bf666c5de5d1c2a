"""Who signs for a firm: persons and their devices, changes of them that several sign, and what threatens them."""
