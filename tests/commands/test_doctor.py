"""What an operator should know."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from click.testing import Result

from commands import doctor
from commands.valkey import NoValkey
from content.checking import Findings
from content.faults import Finding
from tests.commands.calls import an_installation, call
from wechat.errors import Misconfigured


class Redis:
    """As much of Redis as the doctor looks at."""

    def __init__(self, *, save: str = "", alive: bool = True) -> None:
        self._save = save
        self._alive = alive

    def ping(self):
        return self._alive

    def config_get(self, *_names):
        return {"appendonly": "no", "save": self._save}

    def close(self):
        pass


@pytest.fixture
def patient(database_url, tmp_path):
    config = tmp_path / "config.toml"
    config.touch(mode=0o600)
    return doctor.Patient(
        installation=an_installation(tmp_path, database_url),
        config=config,
        public_url="https://example.org",
        redis=cast("Any", Redis),
        content=lambda: Findings([], {"questions": 40}),
        accounts={"official": lambda: None},
    )


def zhibu(patient: doctor.Patient, *options: str) -> Result:
    return call(None, [doctor.command(lambda _config: patient)], "doctor", *options)


def levels(findings: Sequence[doctor.Finding], about: str) -> list[str]:
    return [finding.level for finding in findings if finding.about == about]


def test_a_healthy_one_ends_with_0(patient):
    result = zhibu(patient)

    assert result.exit_code == 0
    assert "fault" not in result.output
    assert "40 questions" in result.output


def refusing() -> None:
    raise Misconfigured(40164, "invalid ip")


def gone() -> Any:
    raise NoValkey("No embedded Valkey is running")


@pytest.mark.parametrize(
    ("about", "level", "changed"),
    [
        ("redis", "fault", {"redis": lambda: Redis(alive=False)}),
        ("redis", "fault", {"redis": gone}),
        ("redis", "warning", {"redis": lambda: Redis(save="3600 1")}),
        ("content", "fault", {"content": lambda: Findings([Finding(file="a", line=1, what="b", mend="c")], {})}),
        ("platform", "fault", {"accounts": {"official": refusing}}),
        ("platform", "warning", {"accounts": {"official": gone}}),
        ("address", "warning", {"public_url": "http://example.org"}),
    ],
    ids=["redis away", "valkey away", "redis persists", "content", "platform", "no token", "no https"],
)
def test_a_trouble_is_found(patient, about, level, changed):
    ill = replace(patient, **changed)

    assert levels(doctor.examine(ill), about) == [level]
    assert zhibu(ill).exit_code == (1 if level == "fault" else 0)


def test_a_database_without_its_tables_is_a_fault(patient, tmp_path):
    bare = an_installation(tmp_path, f"sqlite:///{tmp_path / 'bare.sqlite3'}")
    result = zhibu(replace(patient, installation=bare))

    assert result.exit_code == 1
    assert "zhibu db upgrade" in result.output


def test_a_database_that_is_away_is_a_fault(patient, tmp_path):
    away = an_installation(tmp_path, "postgresql+psycopg://nobody@127.0.0.1:1/none")

    assert levels(doctor.examine(replace(patient, installation=away)), "database") == ["fault"]


def test_secrets_that_everybody_can_read_are_a_warning(patient):
    patient.config.chmod(0o644)

    assert levels(doctor.examine(patient), "configuration") == ["warning"]


def test_a_program_reads_json(patient):
    read = json.loads(zhibu(patient, "--json").stdout)

    assert {finding["about"] for finding in read} >= {"database", "redis", "content", "platform"}
    assert set(read[0]) == {"about", "level", "text"}
