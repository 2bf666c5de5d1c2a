"""What an attacker can try with everything public of a ledger and the answers that one bank got."""
