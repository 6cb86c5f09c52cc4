"""What README shows is what happens."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from pipeline import stages
from pipeline.config import SAMPLES_DIR, Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_query_of_the_readme_gives_the_output_of_the_readme(home: Settings) -> None:
    stages.run([SAMPLES_DIR], home)
    [(command, output)] = re.findall(
        r"```\n\$ \.venv/bin/incidents (query [^\n]+)\n(.+?)```", README, re.DOTALL
    )
    shown = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *shlex.split(command)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert shown.stdout.strip() == output.strip()


def test_every_question_of_the_documents_gives_the_answer_of_the_documents(home: Settings) -> None:
    stages.run([SAMPLES_DIR], home)
    text = (ROOT / "docs" / "queries.md").read_text(encoding="utf-8")
    questions = re.findall(r"```sql\n(.+?)```\n```\n(.+?)```", text, re.DOTALL)
    assert len(questions) == 11
    shell = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "sql"],
        input="".join(sql for sql, _ in questions),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert shell.stdout == "".join(answer for _, answer in questions)


def test_every_make_target_and_link_of_the_documents_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md"]:
        text = path.read_text(encoding="utf-8")
        for target in re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE) or target in {"makes", "it"}, (
                path.name,
                target,
            )
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            assert link.startswith("http") or (path.parent / link).exists(), (path.name, link)


def test_the_accuracy_the_readme_states_is_the_pinned_one() -> None:
    pinned = json.loads((ROOT / "bench" / "eval" / "baseline.json").read_text(encoding="utf-8"))
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## How accurate it is")[2]
    rows = [re.findall(r"\d\.\d\d", line) for line in section.splitlines() if re.search(r"\| \d\.\d\d", line)]
    names = ("incidents_f1", "incidents_strict_f1", "killed_exact_over_all_gold", "date_exact", "country", "place", "event_type", "perpetrator", "aggregate_claims_f1", "aggregates_apart", "evidence_quotes_verbatim")  # fmt: skip
    bodies = ("own", "wire", "dev", "annotated_unseen")
    assert rows[: len(names)] == [
        [f"{pinned[body]['figures'][name]:.2f}" for body in bodies] for name in names
    ]
