"""What ends a request before its route answers: an answer that is known."""

from typing import Final

from fastapi.responses import Response

from api.services.idempotency.attempt import StoredResponse

REPLAYED: Final = "idempotent-replayed"


class Answered(Exception):  # noqa: N818 - no error: the answer is known
    """The key was answered before: this is the answer."""

    def __init__(self, answer: StoredResponse) -> None:
        super().__init__("answered before")
        self.answer = answer

    def response(self) -> Response:
        """Return the answer as it was given, and a header that says that it is not new."""
        headers = {**dict(self.answer.headers), REPLAYED: "true"}
        return Response(self.answer.body, self.answer.status, headers=headers)
