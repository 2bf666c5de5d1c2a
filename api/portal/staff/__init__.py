"""The room of members' people: who acts for a member, and how one comes."""
