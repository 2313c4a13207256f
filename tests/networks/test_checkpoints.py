"""Checkpoints: which training they belong to."""

import torch

from workflow_scripts.common.checksums import checksum_of
from workflow_scripts.networks.checkpoints import fingerprint


def test_whatever_decides_on_the_weights_is_in_the_fingerprint(tmp_path, monkeypatch):
    images = tmp_path / "images"
    checksum_of(images).write_text("a")
    base = fingerprint({"a": 1, "b": 2}, {"x.py": "0f"}, [images], "cpu")
    assert base == fingerprint({"b": 2, "a": 1}, {"x.py": "0f"}, [images], "cpu")
    others = [
        fingerprint({"a": 1, "b": 3}, {"x.py": "0f"}, [images], "cpu"),
        fingerprint({"a": 1, "b": 2}, {"x.py": "0e"}, [images], "cpu"),
        fingerprint({"a": 1, "b": 2}, {"x.py": "0f"}, [images], "cuda"),
    ]
    checksum_of(images).write_text("b")
    others.append(fingerprint({"a": 1, "b": 2}, {"x.py": "0f"}, [images], "cpu"))
    monkeypatch.setattr(torch, "__version__", "1.0")
    others.append(fingerprint({"a": 1, "b": 2}, {"x.py": "0f"}, [images], "cpu"))
    assert len({base, *others}) == 6
