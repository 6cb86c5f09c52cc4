"""One run of the real Dag on an Airflow of its own: SQLite, no service, no port; progress as it goes.

``python -m pipeline.orchestration.embedded [PATH...]`` reads the sample articles where no path is given.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from pipeline.config import Settings, settings
from pipeline.errors import PipelineError
from pipeline.orchestration.environment import airflow_environment
from pipeline.orchestration.tasks import PROGRESS_MARK

DAG_ID = "publish_incidents"
_PROGRESS = re.compile(rf"{PROGRESS_MARK} (?P<line>[^\r\n]*)")
_BATCH = re.compile(r"^batch (?P<id>b-[0-9a-f]+)")


class EmbeddedRunFailed(PipelineError):
    """The Dag run failed; the message names the log."""


def run_embedded(
    paths: Sequence[Path], found: Settings, *, extractor: str = "rules", progress: Callable[[str], None]
) -> str:
    """Run the Dag ``publish_incidents`` once. Returns the batch id.

    Raises:
        EmbeddedRunFailed: a task failed, or Airflow itself.
    """
    log = found.airflow_home / "embedded.log"
    environment = airflow_environment(found)
    log.write_text("", encoding="utf-8")
    progress("airflow: preparing its database")
    _migrate(environment, found, log)
    progress(f"airflow: running the Dag {DAG_ID}")
    conf = {"paths": [str(path.absolute()) for path in paths], "extractor": extractor}
    command = [sys.executable, "-m", "airflow", "dags", "test", DAG_ID, "--conf", json.dumps(conf)]
    batch_id: str | None = None
    with (
        log.open("a", encoding="utf-8") as copy,
        subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as run,
    ):
        try:
            for line in run.stdout or ():
                copy.write(line)
                if match := _PROGRESS.search(line):
                    batch = _BATCH.match(match["line"])
                    batch_id = batch["id"] if batch else batch_id
                    progress(match["line"].strip().strip("'\""))
            code = run.wait()
        except KeyboardInterrupt:
            run.terminate()
            raise
    if code != 0 or batch_id is None:
        raise EmbeddedRunFailed(f"The Dag run failed ({_cause(log)}). The whole log: {log}")
    return batch_id


def _migrate(environment: dict[str, str], found: Settings, log: Path) -> None:
    """Bring Airflow's database up; one that was left half made holds nothing that matters and is made anew."""
    for is_last in (False, True):
        made = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        with log.open("a", encoding="utf-8") as copy:
            copy.write(made.stdout + made.stderr)
        if made.returncode == 0:
            return
        if is_last:
            raise EmbeddedRunFailed(f"Airflow's database cannot be prepared. The log: {log}")
        for path in found.airflow_home.glob("airflow.db*"):
            path.unlink()


def _cause(log: Path) -> str:
    """The last line of the log that names one of our errors, or else any error."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    told = [
        line.strip() for line in lines if re.search(r"\b(?:Config|Source|Contract|Lake|Query)Error\b", line)
    ]
    return (told or [line.strip() for line in lines if "Error" in line] or ["no error in the log"])[-1][:400]


def main() -> None:
    """Run, and print what came out."""
    from pipeline.cli.batch import show_batch

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    found = settings()
    try:
        batch_id = run_embedded(
            [Path(path) for path in sys.argv[1:]],
            found,
            progress=lambda line: console.print(line, markup=False),
        )
        show_batch(batch_id, found, as_json=False)
    except PipelineError as error:
        console.print(str(error), markup=False, style="red")
        sys.exit(1)
    except KeyboardInterrupt:
        console.print("Interrupted. Nothing half-done is visible; the same command goes on.")
        sys.exit(130)


if __name__ == "__main__":
    main()
