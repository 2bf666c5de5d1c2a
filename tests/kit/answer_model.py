"""Holds every answer that a test sees to the model of its route: no member more, none less, none of another type.

What was seen is noted in one file of the test session, by route and status; tests/after looks for what nobody saw.
"""

import json
import threading

from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.routing import compile_path

from api.http.app import OPEN_ROUTERS, ROUTERS, V1
from api.http.model.problem import OAuthError, Problem
from api.http.problem.document import MEDIA_TYPE
from tests.kit.canary import session_folder

REGISTER = "answers.txt"
WRONG = "wrong"
JSON = "application/json"
_guard = threading.Lock()
_seen = set()


def routes():
    """Yield every route that the document describes, with its whole path."""
    for prefix, routers in ((V1, ROUTERS), ("", OPEN_ROUTERS)):
        for router in routers:
            for route in router.routes:
                if isinstance(route, APIRoute) and route.include_in_schema:
                    yield prefix + route.path, route


_ROUTES = [(compile_path(path)[0], path, route) for path, route in routes()]


def success_of(route):
    """Return the status with which a route does what it was asked."""
    return int(route.status_code or 200)


def require_model(response):
    """Require that a response that is JSON is as the model of its route says; note that it was seen."""
    method, path = response.request.method, response.request.url.path
    found = next(
        (found for found in _ROUTES if method in found[2].methods and found[0].fullmatch(path)), (None, None, None)
    )
    _, template, route = found
    name = f"{method} {template} {response.status_code}"
    model = _model_of(route, response)
    if model is not None:
        response.read()
        wrong = differences(model, response.content)
        if wrong:
            _note(f"{WRONG} {name} {model.__name__} {wrong}")
            raise AssertionError(f"{name} is no {model.__name__}: {wrong}")
    if route is not None:
        _note(name)


def _model_of(route, response):
    media_type = response.headers.get("content-type", "").partition(";")[0]
    if media_type == MEDIA_TYPE:
        return Problem
    if route is None or media_type != JSON:
        return None
    if response.status_code >= 400:
        return OAuthError
    assert response.status_code == success_of(route), f"{route.path} says that it answers {success_of(route)}"
    return route.response_model


def differences(model, body):
    """Return where a body is not what a model says, without any value; empty where it is."""
    try:
        read = model.model_validate_json(body)
    except ValidationError as error:
        return [(each["type"], each["loc"]) for each in error.errors(include_input=False, include_context=False)]
    # a value of another type, which pydantic would convert, is written otherwise again
    again = read.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return [] if _text(again) == _text(json.loads(body)) else ["is written otherwise"]


def _text(value):
    return json.dumps(value, sort_keys=True)


def _note(line):
    folder = session_folder()
    if folder is not None:
        with _guard:
            if line not in _seen:
                _seen.add(line)
                with (folder / REGISTER).open("a", encoding="utf-8") as file:
                    file.write(line + "\n")


def read_registers(folder):
    """Return the lines of all registers under a folder."""
    return {line for path in folder.rglob(REGISTER) for line in path.read_text("utf-8").splitlines()}
