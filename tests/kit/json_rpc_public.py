"""The public description of the JSON-RPC of Ethereum, where a folder holds it; README.md says how it is made."""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.kit.json_rpc_request import BAD_PARAMS, call
from tests.kit.json_rpc_schema import RESULTS

BESIDE = Path(__file__).parents[3] / "shared/execution-apis"
"""Where the folder is looked for if none is named: beside the checkout."""
OTHER_FORKS = frozenset({"blobVersionedHashes", "authorizationList"})
"""Members of public requests that this chain has no meaning for: blobs, and delegations, which came after Cancun."""
UNDESCRIBED = ("net_listening", "net_peerCount", "web3_clientVersion")


@dataclass(frozen=True)
class Public:
    """Schemas ("$defs", and "methods" with result and params), and requests (method, params and code of the error)."""

    schemas: dict
    raw_requests: list

    @classmethod
    def read(cls, folder):
        schemas, requests = (
            json.loads((folder / name).read_text("utf-8")) for name in ("schemas.json", "requests.json")
        )
        return cls(schemas, requests)

    def schema(self, name):
        return {"$defs": self.schemas["$defs"], "$ref": f"#/$defs/{name}"}

    @property
    def results(self):
        public = {name: self._with_definitions(method["result"]) for name, method in self.schemas["methods"].items()}
        # the public one is "a list of hashes or a list of logs, and not both", which no empty list can be
        logs = self._with_definitions({"type": "array", "items": {"$ref": "#/$defs/Log"}})
        return public | {"eth_getLogs": logs} | {name: RESULTS[name] for name in UNDESCRIBED}

    @property
    def params(self):
        """The params by method: each its schema, and whether it must be there."""
        return {
            name: [(self._with_definitions(one["schema"]), one["required"]) for one in method["params"]]
            for name, method in self.schemas["methods"].items()
        }

    @property
    def requests(self):
        return [
            self._request(**{name: one[name] for name in ("method", "params", "error")}) for one in self.raw_requests
        ]

    @staticmethod
    def _request(method, params, error):
        foreign = any(OTHER_FORKS & one.keys() for one in params if isinstance(one, dict))
        refused = error == BAD_PARAMS or foreign
        return call(method, *params, code=BAD_PARAMS if refused else None)

    def _with_definitions(self, schema):
        return {"$defs": self.schemas["$defs"], **schema}
