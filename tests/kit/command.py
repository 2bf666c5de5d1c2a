"""What a command that was run has printed."""

import json


def printed(done):
    """Return the JSON that a command printed; a command that printed none fails the test with what it said."""
    assert done.stdout, f"nothing was printed: {done.stderr or done}"
    return json.loads(done.stdout)
