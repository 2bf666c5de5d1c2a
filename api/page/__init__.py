"""Pages for people, without scripts: made from checked data, everything in them escaped."""
