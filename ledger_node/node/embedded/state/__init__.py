"""The state of accounts and its trie."""
