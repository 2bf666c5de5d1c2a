"""Changes of a subject's controllers."""
