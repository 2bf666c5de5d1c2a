"""The catalogue: which types of attestation there are, and how departments' exports name their columns."""
