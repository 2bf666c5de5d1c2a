"""Prints the OpenAPI document of the API, for which no instance needs to run: python -m tests.kit.openapi."""

import json
import sys
from unittest.mock import MagicMock

import ledger_node  # noqa: F401 - chooses py-evm's hash function, which must be before anything of it is imported
from api.http.app import create_app

if __name__ == "__main__":
    document = create_app(MagicMock(), public_url="https://credence.example").openapi()
    json.dump(document, sys.stdout, ensure_ascii=False)
