"""Sign-in as both sides compute it: keys, assertions, proofs of possession."""
