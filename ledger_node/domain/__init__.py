"""Pure rules without I/O, clock or randomness: encoding, commitments, proofs, consent, verification."""
