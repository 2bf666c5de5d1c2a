"""Sign-in: client assertions (RFC 7523), access tokens bound by proofs of possession (DPoP, RFC 9449)."""
