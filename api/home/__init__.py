"""A home: the folder of an instance, its settings, its node as a process."""
