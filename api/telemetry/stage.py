"""The stages of a verification that take time."""

from enum import StrEnum


class Stage(StrEnum):
    """What a verification goes through; the API's metrics tell how long each takes."""

    LOOK_UP = "look_up"
    RECORD_USE = "record_use"
    READ_FACTS = "read_facts"
    PROVE = "prove"
    SEAL = "seal"
    LOG = "log"
