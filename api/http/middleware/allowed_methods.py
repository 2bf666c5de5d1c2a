"""Which methods an address takes, by the OpenAPI document."""

import re
from collections.abc import Collection, Sequence
from functools import cached_property

from fastapi import FastAPI
from starlette.routing import compile_path


class AllowedMethods:
    """Finds methods by address; made once, when the first request asks."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    @cached_property
    def _items(self) -> Sequence[tuple[re.Pattern[str], Collection[str]]]:
        return [(compile_path(path)[0], item.keys()) for path, item in self._app.openapi()["paths"].items()]

    def of(self, path: str) -> list[str]:
        """Return the methods that an address takes, in order."""
        found = next((methods for pattern, methods in self._items if pattern.fullmatch(path)), ())
        return sorted(method.upper() for method in found)
