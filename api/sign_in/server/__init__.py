"""Sign-in as the server keeps it: keys, tokens, replays."""
