"""`promtool` takes what is in `deploy/prometheus/`; each alert fires and rests as told there."""

import re
import subprocess

import pytest

from tests.sync.prometheus import RULE_FILES, RULES, program, rules

CASES = sorted((RULES / "tests").glob("*.yml"))


def promtool(*arguments: str) -> None:
    done = subprocess.run(
        [program("promtool"), *arguments], capture_output=True, text=True, check=False, timeout=90
    )
    assert done.returncode == 0, done.stderr + done.stdout


def test_the_configuration_and_the_rules_are_valid() -> None:
    promtool("check", "config", str(RULES / "prometheus.yml"))
    promtool("check", "rules", *(str(RULES / name) for name in RULE_FILES))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_alerts_fire_and_rest_as_their_cases_tell(case: str) -> None:
    promtool("test", "rules", str(case))


def test_every_alert_has_a_case_in_which_it_fires() -> None:
    text = "".join(path.read_text() for path in CASES)
    by_sample = set(re.findall(r"labels: '\{alertname=\"(\w+)\"", text))
    by_alert = set(re.findall(r"alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:", text))

    assert by_sample | by_alert == {rule["alert"] for rule in rules() if "alert" in rule}
