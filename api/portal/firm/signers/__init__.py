"""Who can sign for a firm: persons and devices, changes of them, and what stops somebody else."""
