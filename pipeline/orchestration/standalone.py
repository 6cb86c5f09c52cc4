"""A standing Airflow on this machine: four processes, loopback only, the drop folder watched, Ctrl-C stops them all.

``python -m pipeline.orchestration.standalone [--port 8080]``
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from types import FrameType

from pipeline.config import Settings, settings
from pipeline.errors import ConfigError, PipelineError
from pipeline.orchestration.environment import (
    USER,
    airflow_environment,
    password_file,
    write_password,
    write_preload,
)

COMPONENTS = (("api-server",), ("scheduler",), ("dag-processor",), ("triggerer",))
_HEALTHY_SECONDS = 240
_STOP_SECONDS = 20


class Standing:
    """The processes of one standing Airflow."""

    def __init__(self, found: Settings, port: int) -> None:
        self._settings = found
        self._port = port
        self._log = found.airflow_home / "standalone.log"
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Prepare the database and start the processes.

        Raises:
            ConfigError: the port is taken, or Airflow cannot prepare its database.
        """
        _check_port(self._port)
        self._settings.inbox.mkdir(parents=True, exist_ok=True)
        environment = airflow_environment(self._settings, port=self._port)
        write_password(self._settings)
        write_preload(self._settings)
        with self._log.open("ab") as log:
            migrated = subprocess.run(
                [sys.executable, "-m", "airflow", "db", "migrate"],
                env=environment,
                stdout=log,
                stderr=log,
                check=False,
            )
            if migrated.returncode != 0:
                raise ConfigError(f"Airflow's database cannot be prepared. The log: {self._log}")
            for component in COMPONENTS:
                self._running[component[0]] = subprocess.Popen(
                    [sys.executable, "-m", "airflow", *component],
                    env=environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def wait_healthy(self) -> None:
        """Return when the page answers; raise :class:`ConfigError` when a process ended or it takes too long."""
        deadline = time.monotonic() + _HEALTHY_SECONDS
        while time.monotonic() < deadline:
            self.check_alive()
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{self._port}/api/v2/version", timeout=2
                ) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.5)
        raise ConfigError(f"Airflow did not answer within {_HEALTHY_SECONDS} seconds. The log: {self._log}")

    def check_alive(self) -> None:
        """Raise :class:`ConfigError` naming a process that ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise ConfigError(
                    f"Airflow's {name} ended with code {process.returncode}. The log: {self._log}"
                )

    def stop(self) -> None:
        """Stop all processes and what they started."""
        for kind in (signal.SIGTERM, signal.SIGKILL):
            for process in self._running.values():
                _signal_group(process, kind)
            deadline = time.monotonic() + _STOP_SECONDS
            for process in self._running.values():
                try:
                    process.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    continue
        self._running.clear()


def _signal_group(process: subprocess.Popen[bytes], kind: signal.Signals) -> None:
    try:
        os.killpg(process.pid, kind)
    except ProcessLookupError:
        return  # it has ended


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigError(
                f"Port {port} of 127.0.0.1 is taken ({error.strerror}). Name another: make up PORT=8090"
            ) from error


def main() -> None:
    """Start, say where everything is, and stay until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    port = parser.parse_args().port
    found = settings()
    standing = Standing(found, port)

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)
    try:
        print("Starting Airflow (about half a minute) ...", flush=True)
        standing.start()
        standing.wait_healthy()
        print(
            f"Airflow:     http://127.0.0.1:{port} (user {USER}; the password is in {password_file(found)})\n"
            f"Drop folder: {found.inbox} (files put there are published)\n"
            f"Database:    {found.database}\nReports:     {found.reports}\nCtrl-C stops everything.",
            flush=True,
        )
        while True:
            standing.check_alive()
            time.sleep(1)
    except KeyboardInterrupt:
        print("Stopping ...", flush=True)
    except PipelineError as error:
        sys.exit(str(error))
    finally:
        standing.stop()


if __name__ == "__main__":
    main()
