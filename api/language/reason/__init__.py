"""What every reason says to people: what it means, and what to do."""
