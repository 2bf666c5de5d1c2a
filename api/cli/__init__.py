"""The ``credence`` command: one verb a role needs, one module a group of verbs."""
