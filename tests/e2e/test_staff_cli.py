"""``credence staff``: a member's own key invites the first admin, and ends anybody."""

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.client.client import Client
from tests.kit.command import printed


def run(place, *arguments):
    made = []

    class Closed(Client):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            made.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.client.client.Client", Closed)
        done = CliRunner().invoke(app, ["staff", *arguments, "--as", "demo-bank", "--home", str(place.home.path)])
    for client in made:
        client.close()
    return done


def test_a_person_is_invited_listed_and_ended(place):
    done = run(place, "invite", "--role", "officer", "--role", "admin", "Wang Fang", "--json")
    assert done.exit_code == 0, done.stderr
    made = printed(done)
    assert (made["staff"]["name"], made["staff"]["roles"]) == ("Wang Fang", ["admin", "officer"])
    assert len(made["code"]) == len("K7QMW-2F9TX")
    listed = printed(run(place, "list", "--json"))["staff"]
    assert [(one["id"], one["state"]) for one in listed] == [(made["staff"]["id"], "invited")]
    assert made["code"] not in run(place, "list").stdout
    ended = printed(run(place, "end", made["staff"]["id"], "--json"))
    assert ended["state"] == "ended"
    assert run(place, "end", made["staff"]["id"]).exit_code != 0
    assert "not_found" in run(place, "end", "0x" + "00" * 16).stderr
    assert run(place, "invite", "--role", "king", "Eve").exit_code != 0
