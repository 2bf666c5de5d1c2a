"""The one way to refuse: a reason code of clause 20."""


class RefusedError(Exception):
    """What is looked at does not check; `reason` is a stable code (clause 20)."""

    def __init__(self, reason: str, note: str = "") -> None:
        super().__init__(f"{reason} {note}".strip())
        self.reason = reason


def need(condition: object, reason: str, note: str = "") -> None:
    """Refuse with the reason unless the condition holds."""
    if not condition:
        raise RefusedError(reason, note)
