"""The command line: what it prints, with which exit code, for people and for programs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline import __version__
from pipeline.cli import app, main
from pipeline.config import SAMPLES_DIR, Settings, settings
from pipeline.errors import ConfigError, PipelineError
from pipeline.sources.registry import SOURCES
from tests.articles import record

COMMANDS = (
    "run",
    "fetch",
    "ingest",
    "extract",
    "query",
    "sql",
    "report",
    "correct",
    "retract",
    "reprocess",
    "quarantine",
    "gazetteer",
    "sources",
    "doctor",
)


def incidents(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments],
        input=given,
        capture_output=True,
        env=os.environ,
        timeout=300,
    )


def refused(*arguments: str) -> str:
    """What the command says that it refuses, without a process of its own."""
    stopped = CliRunner().invoke(app, list(arguments)).exception
    assert isinstance(stopped, PipelineError), repr(stopped)
    return str(stopped)


def test_help_names_every_command() -> None:
    shown = incidents("--help").stdout.decode()
    assert all(f" {name} " in shown for name in COMMANDS)


def test_the_version_is_that_of_the_package() -> None:
    assert incidents("--version").stdout.decode().strip() == __version__


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    done = incidents(name, "--help")
    assert done.returncode == 0
    assert len(done.stdout.decode().splitlines()) > 5


def test_a_day_of_work(home: Settings, tmp_path: Path) -> None:
    ran = incidents("run", str(SAMPLES_DIR), "--json")
    assert ran.returncode == 0, ran.stderr.decode()
    summary = json.loads(ran.stdout)
    assert summary["ledger"]["reports_accepted"] == len(summary["incidents"]) > 25
    asked = incidents("query", "SELECT count(*) AS n FROM incident_reports", "--json")
    assert json.loads(asked.stdout) == [{"n": len(summary["incidents"])}]
    listed = json.loads(incidents("quarantine", "list", "--json").stdout)
    assert {row["reason_code"] for row in listed} >= {
        "broken_json",
        "empty_file",
        "binary_file",
        "unsupported_language",
        "conflicting_duplicate",
    }
    assert Path(incidents("report").stdout.decode().strip()).exists()
    shell = incidents("sql", given=b"SELECT count(*)\nFROM articles;\nDROP VIEW articles;\n.quit\n")
    assert b"count_star()" in shell.stdout
    assert b"Only one statement that reads" in shell.stderr
    assert incidents("doctor").returncode == 0
    assert {entry["name"] for entry in json.loads(incidents("sources", "--json").stdout)["files"]} == {
        source.name for source in SOURCES
    }
    again = json.loads(incidents("run", str(SAMPLES_DIR), "--json").stdout)
    assert again["batch_id"] == summary["batch_id"]


def test_extract_gives_one_line_for_each_line_in_order(tmp_path: Path) -> None:
    lines = [
        json.dumps(record(1)),
        "not json",
        json.dumps(record(2, language="fr")),
        json.dumps(record(3, text="", published_at=None)),
    ]
    made = incidents("extract", "-", given="\n".join(lines).encode())
    assert made.returncode == 0
    found = [json.loads(line) for line in made.stdout.splitlines()]
    assert [entry["article_id"] for entry in found] == ["t-1", "", "t-2", "t-3"]
    assert [bool(entry["error"]) for entry in found] == [False, True, True, False]
    assert found[0]["incidents"][0]["place_name"] == "Konduga"
    assert found[3]["incidents"] == []


def test_extract_writes_a_file(tmp_path: Path, write_jsonl: Callable[..., Path]) -> None:
    source = write_jsonl("in.jsonl", *(record(n) for n in range(5)))
    assert (
        incidents("extract", str(source), "-o", str(tmp_path / "out.jsonl"), "--workers", "2").returncode == 0
    )
    assert len((tmp_path / "out.jsonl").read_bytes().splitlines()) == 5


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("{in}", "-o", "{in}"), "is the file that is read"),
        (("{in}", "-o", "{link}"), "is the file that is read"),
        (("{in}", "-o", "{out}", "--extractor", "nope"), "There is no extractor 'nope'; known: rules"),
        (("no/such.jsonl", "-o", "{out}"), "Cannot open no/such.jsonl"),
        (("{in}", "-o", "{folder}"), "is a folder"),
    ],
)
def test_extract_that_is_refused_leaves_every_file_as_it_was(
    tmp_path: Path, write_jsonl: Callable[..., Path], arguments: tuple[str, ...], told: str
) -> None:
    source = write_jsonl("in.jsonl", record(1))
    made = tmp_path / "out.jsonl"
    made.write_text("earlier")
    (tmp_path / "link").symlink_to(source)
    before = source.read_bytes()
    named = {"in": source, "out": made, "link": tmp_path / "link", "folder": tmp_path}
    assert told in refused("extract", *(part.format(**named) for part in arguments))
    assert (source.read_bytes(), made.read_text()) == (before, "earlier")
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "out.jsonl", "link"}


def test_extract_writes_to_a_device(write_jsonl: Callable[..., Path]) -> None:
    source = write_jsonl("in.jsonl", record(1))
    assert CliRunner().invoke(app, ["extract", str(source), "-o", os.devnull]).exit_code == 0
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize("command", ["run {in}", "fetch x", "correct r-1 --set a=b --reason r --by Ada", "reprocess --all",
                                     "quarantine replay", "quarantine accept q-1 --reason r --by Ada"])  # fmt: skip
def test_an_unknown_extractor_is_told_before_anything_is_read(
    home: Settings, write_jsonl: Callable[..., Path], command: str
) -> None:
    words = command.format(**{"in": write_jsonl("in.jsonl", record(1))}).split()
    assert "There is no extractor 'nope'; known: rules" in refused(*words, "--extractor", "nope")
    assert not home.home.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "no/such/path"), "There is no file or folder"),
        (("run", ""), "There is no file or folder ''"),
        (("query", "SELECT 1"), "Publish articles first"),
        (("extract", "no/such.jsonl"), "Cannot open no/such.jsonl"),
        (("report", "--batch", "b-0"), "No batch b-0"),
        (("quarantine", "replay"), "Nothing is in quarantine"),
        (("quarantine", "list", "--stage", "nope"), "no stage 'nope'; known: ingest, extract, validate"),
        (("quarantine", "list", "--reason", "nope"), "no reason code 'nope'; known: unreadable_file"),
        (("quarantine", "list", "--source", "caf\udce9"), "is no text in UTF-8"),
        (("fetch", "../../etc"), "is no name of a source"),
        (("retract", "r-1", "--reason", "caf\udce9", "--by", "Ada"), "is no text in UTF-8"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_1(
    home: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["incidents", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert words in capsys.readouterr().err


def test_csv_cells_that_a_spreadsheet_would_run_are_disarmed(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    incidents("run", str(write_jsonl("a.jsonl", record(1, title="=HYPERLINK(1)"))))
    assert b"'=HYPERLINK(1)" in incidents("query", "SELECT title FROM articles", "--csv").stdout


def test_control_characters_cannot_forge_terminal_output(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    incidents("run", str(write_jsonl("a.jsonl", record(1, title="\x1b[31mred\nforged"))))
    shown = incidents("query", "SELECT title FROM articles").stdout
    assert b"\x1b[31m" not in shown
    assert b"\\x1b[31mred\\x0aforged" in shown


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        ("lake check >&-", 0, ""),
        ("lake check > /dev/full", 1, "No space left on device"),
        ("lake check --json > /dev/full", 1, "No space left on device"),
        ("lake check > $closed", 141, ""),
        ("lake check --json > $closed", 141, ""),
    ],
)
def test_output_that_cannot_be_written_is_no_damage(
    home: Settings, command: str, code: int, told: str
) -> None:
    read, write = os.pipe()
    os.close(read)
    shell = f"{sys.executable} -m pipeline.cli {command}".replace("$closed", f"/dev/fd/{write}")
    done = subprocess.run(
        ["bash", "-c", shell], pass_fds=[write], capture_output=True, text=True, check=False
    )
    os.close(write)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_relative_home_in_a_folder_that_is_gone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setenv("INCIDENTS_HOME", "data")
    with pytest.raises(ConfigError, match="The path 'data' of INCIDENTS_HOME leads nowhere"):
        settings()


@pytest.mark.parametrize("given", ["abc", "0", "-1", "1.5"])
def test_a_number_of_workers_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("INCIDENTS_WORKERS", given)
    with pytest.raises(ConfigError, match=f"INCIDENTS_WORKERS is '{given}'"):
        settings()


def _heed_interrupts() -> None:
    """A shell's background jobs ignore interrupts, and their children with them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_says_so_and_the_same_command_goes_on(home: Settings) -> None:
    command = [sys.executable, "-m", "pipeline.cli", "run", str(SAMPLES_DIR)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
        preexec_fn=_heed_interrupts,
        start_new_session=True,
    ) as running:
        assert running.stderr is not None
        assert running.stderr.readline().startswith("ingest")
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: the workers get it too
        told = running.communicate(timeout=60)[1]
    assert "Traceback" not in told
    assert (running.returncode, told.strip().splitlines()[-1][:12]) == (130, "Interrupted.")
    assert incidents("run", str(SAMPLES_DIR)).returncode == 0
