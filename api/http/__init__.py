"""The HTTP API: routes, sign-in, and problem documents."""
