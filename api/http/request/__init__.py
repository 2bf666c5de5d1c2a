"""What a request says: who calls, may they, how often, and with which body."""
