"""The profile of a cluster covers every rule that it is about."""

import re

import yaml

from tests.harness.mini import ROOT


def test_no_fit_requests_a_gpu_of_slurm():
    profile = yaml.safe_load((ROOT / "profiles/slurm/profile.yaml").read_text())
    without = {
        rule for rule, request in profile["set-resources"].items() if request.get("gpu") == 0
    }
    rules = (ROOT / "rules/alignment.smk").read_text()
    assert without == set(re.findall(r"^rule (align_\w+):", rules, re.MULTILINE))
