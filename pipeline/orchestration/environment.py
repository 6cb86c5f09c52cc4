"""Airflow's settings, all in one place: loopback only, secrets made for each installation, no examples."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from pipeline.config import DAGS_DIR, Settings
from pipeline.files import write_atomically

USER = "admin"
PLUGINS_DIR = Path(__file__).parent / "airflow_plugins"
"""Named by a setting and not by an entry point: a checkout needs no new installation for it."""
_PRELOAD = '''"""Heavy libraries, imported once before tasks are forked: a task starts in a fifth of a second instead of five."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import great_expectations  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow  # noqa: F401
'''


def airflow_environment(settings: Settings, *, port: int = 8080) -> dict[str, str]:
    """The process environment under which Airflow runs for this installation; secrets are made on first use."""
    home = settings.airflow_home
    home.mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        "INCIDENTS_HOME": str(settings.home),
        "INCIDENTS_LAKE": str(settings.lake),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS_DIR),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PLUGINS_DIR),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # SQLite with more than four at once ends in "database is locked" and a dead triggerer.
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "4",
        "AIRFLOW__CORE__FERNET_KEY": _secret(home / "fernet.key", _fernet_key),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(password_file(settings)),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__SECRET_KEY": _secret(home / "api.key", _token),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": _secret(home / "jwt.key", _token),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_HOST": "127.0.0.1",
        "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "GX_ANALYTICS_ENABLED": "false",
        "PYTHONUNBUFFERED": "1",
        "NO_COLOR": "1",
    }


def password_file(settings: Settings) -> Path:
    """Where Airflow keeps the generated password of the user ``admin``; readable by its owner alone."""
    return settings.airflow_home / "passwords.json"


def write_preload(settings: Settings) -> None:
    """Have Airflow's processes import the heavy libraries once."""
    config = settings.airflow_home / "config"
    config.mkdir(parents=True, exist_ok=True)
    write_atomically(config / "airflow_local_settings.py", _PRELOAD.encode())


def write_password(settings: Settings) -> str:
    """The password of the user ``admin``, made on first use."""
    path = password_file(settings)
    if not path.exists():
        write_atomically(path, json.dumps({USER: secrets.token_urlsafe(16)}).encode())
    password: str = json.loads(path.read_text(encoding="utf-8"))[USER]
    return password


def _token() -> str:
    return secrets.token_urlsafe(48)


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _secret(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        write_atomically(path, make().encode())
    return path.read_text(encoding="utf-8")
