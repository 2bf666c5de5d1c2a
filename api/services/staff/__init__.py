"""People who act for a member: who they are, what they may do, and what they released."""
