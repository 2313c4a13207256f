"""Where the Allen Institute is asked."""

import ast
from pathlib import Path

SERVERS = Path(__file__).parents[3] / "workflow_scripts/brains/allen/servers.py"


def test_the_institute_is_asked_over_https_alone():
    """The file needs AllenSDK, so its addresses are read without running it."""
    tree = ast.parse(SERVERS.read_text())
    (addresses,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "BASE_URLS"
    )
    assert set(addresses) == {"warehouse", "s3"}
    assert all(address.startswith("https://") for address in addresses.values())
