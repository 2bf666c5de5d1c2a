"""The contracts whose state evidence proves."""

from enum import StrEnum


class Contract(StrEnum):
    """Named as in the address book."""

    MEMBERS = "MemberRegistry"
    SCHEMAS = "SchemaRegistry"
    SUBJECTS = "SubjectRegistry"
    ANCHORS = "AnchorRegistry"
    CONSENTS = "ConsentRegistry"
