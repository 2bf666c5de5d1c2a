"""What the OpenAPI document says of the address of a request."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from fastapi import FastAPI
from starlette.routing import compile_path


class Operations:
    """Finds operations by address; made once, when the first request asks."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    @cached_property
    def _items(self) -> Sequence[tuple[re.Pattern[str], Mapping[str, Any]]]:
        return [(compile_path(path)[0], item) for path, item in self._app.openapi()["paths"].items()]

    def methods(self, path: str) -> list[str]:
        """Return the methods that an address takes, in order."""
        return sorted(method.upper() for method in self._at(path))

    def query(self, method: str, path: str) -> set[str]:
        """Return the names of the query parameters that an operation reads."""
        parameters = self._at(path).get(method.lower(), {}).get("parameters", ())
        return {parameter["name"] for parameter in parameters if parameter.get("in") == "query"}

    def _at(self, path: str) -> Mapping[str, Any]:
        return next((item for pattern, item in self._items if pattern.fullmatch(path)), {})
