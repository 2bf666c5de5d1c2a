"""Files on disk: written whole or not at all, ours alone, in folders of our own."""
