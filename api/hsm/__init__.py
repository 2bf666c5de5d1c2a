"""Keys that never leave a hardware security module (PKCS#11)."""
