"""The council: what is proposed, in words, and the votes on it."""
