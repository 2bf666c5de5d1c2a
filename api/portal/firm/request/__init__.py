"""A bank's request, which a firm agrees to or refuses."""
