"""Pages that anybody may see, and the sign-in."""
