"""The worked example of ``docs/adding-a-source.md`` does what it says, word for word."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "adding-a-source.md").read_text(encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository as it is after the guide was followed."""
    for name in ("pipeline", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "_schemas", "_dags", "_samples")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("schemas", "dags", "samples", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    module, registration, test = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    import_line, entry = registration.strip().split("\n\n")
    (tmp_path / "pipeline" / "sources" / "mail_folder.py").write_text(module, encoding="utf-8")
    (tmp_path / "tests" / "sources" / "test_mail_folder.py").write_text(test, encoding="utf-8")
    streams = tmp_path / "pipeline" / "sources" / "streams.py"
    registered = streams.read_text(encoding="utf-8")
    registered = registered.replace("\nfrom pipeline", f"\n{import_line}\nfrom pipeline", 1)
    head, opening, rest = registered.partition("STREAMS: tuple[Stream, ...] = (\n")
    streams.write_text(f"{head}{opening}{entry}\n{rest}", encoding="utf-8")
    return tmp_path


def test_a_new_kind_written_by_the_guide_works(copy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/sources/test_mail_folder.py"],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin", "HOME": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
