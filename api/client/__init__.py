"""The Python client: what departments', subjects' and banks' own programs use."""
