"""docker-compose.yml against the compose specification, and what it must never do."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
OURS = ("init", "api-server", "scheduler", "dag-processor", "triggerer", "worker")
SECRETS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "FERNET_KEY", "API_SECRET_KEY", "JWT_SECRET")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(TEXT)
    return loaded


def test_it_meets_the_compose_specification() -> None:
    plain = yaml.safe_load(TEXT)
    plain.pop("x-airflow")
    assert set(PyCompose.from_yaml(yaml.safe_dump(plain)).service_names()) == {*OURS, "postgres", "redis"}


def test_the_profiles_start_what_each_needs(compose: dict[str, Any]) -> None:
    by_profile = {
        p: {n for n, s in compose["services"].items() if p in s["profiles"]} for p in ("local", "cluster")
    }
    assert by_profile["local"] == {
        "postgres",
        "init",
        "api-server",
        "scheduler",
        "dag-processor",
        "triggerer",
    }
    assert by_profile["cluster"] == by_profile["local"] | {"redis", "worker"}


def test_our_services_are_one_image_that_may_do_little(compose: dict[str, Any]) -> None:
    services = [compose["services"][name] for name in OURS]
    assert {service["image"] for service in services} == {"incident-pipeline:0.1.0"}
    for service in services:
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
    for service in compose["services"].values():
        assert "no-new-privileges:true" in service["security_opt"]
        assert service["mem_limit"]
        assert service["cpus"]
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", []))


def test_a_worker_can_be_scaled(compose: dict[str, Any]) -> None:
    assert not {"container_name", "ports"} & compose["services"]["worker"].keys()


def test_every_secret_comes_from_the_environment_and_must_be_there() -> None:
    for name in SECRETS:
        assert re.findall(rf"\$\{{{name}[^}}]*\}}", TEXT)
        assert all(":?" in use for use in re.findall(rf"\$\{{{name}[^}}]*\}}", TEXT))


def test_secrets_are_made_once_and_differ(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text(
        (ROOT / ".env.example").read_text(encoding="utf-8"), encoding="utf-8"
    )
    command = [sys.executable, "-m", "pipeline.orchestration.compose_secrets", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    first = (tmp_path / ".env").read_text(encoding="utf-8")
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / ".env").read_text(encoding="utf-8") == first
    values = dict(
        line.split("=", 1) for line in first.splitlines() if "=" in line and not line.startswith("#")
    )
    made = [values[name] for name in SECRETS]
    assert len(set(made)) == len(made)
    assert all(len(value) >= 32 for value in made)
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    assert len(json.loads((tmp_path / ".airflow-passwords.json").read_text(encoding="utf-8"))["admin"]) >= 16
