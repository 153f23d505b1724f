"""The contract as JSON, for programs that read it from the server: api/openapi.yaml -> api/openapi.gen.json."""

import json

from generators import load_yaml

SOURCE = "api/openapi.yaml"
OWNS = ["api/openapi.gen.json"]


def files(root):
    contract = load_yaml(root / SOURCE)
    return {"api/openapi.gen.json": json.dumps(contract, indent=1, ensure_ascii=False) + "\n"}
