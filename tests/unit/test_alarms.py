"""Alarms reach a webhook and a mailbox, and a channel that fails does not hide what it tells of."""

from __future__ import annotations

import json
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.batches.alarms import tell, tell_warnings
from pipeline.cli import app
from pipeline.config import Settings
from tests.alarm_desk import alarm_desk
from tests.articles import record
from tests.mail import MailServer, mail_server, write_certificate


@pytest.fixture
def mailed(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("INCIDENTS_ALARM_TO", "desk@test.example")
    monkeypatch.setenv("INCIDENTS_ALARM_FROM", "pipeline@test.example")
    return monkeypatch


def test_an_alarm_reaches_the_webhook_though_the_mail_server_is_away(
    mailed: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with alarm_desk() as (address, came):
        mailed.setenv("INCIDENTS_ALARM_WEBHOOK", address)
        mailed.setenv("INCIDENTS_ALARM_SMTP", "127.0.0.1:1")
        tell("Batch b-1: 1 warnings", "articles: too few")
    assert came == [{"subject": "Batch b-1: 1 warnings", "text": "articles: too few"}]
    assert "could not be sent (ConnectionRefusedError)" in caplog.text


def test_an_alarm_reaches_the_mailbox_as_plain_text(mailed: pytest.MonkeyPatch) -> None:
    with mail_server() as server:
        mailed.setenv("INCIDENTS_ALARM_SMTP", f"127.0.0.1:{server.port}")
        tell("The task failed\nBcc: all@test.example", "<b>Übel</b> & more\nline 2")
    [sent] = server.messages
    message = message_from_bytes(sent, policy=policy.default)
    assert message["Subject"] == "The task failed Bcc: all@test.example"
    assert (message["From"], message["To"], message["Bcc"]) == (
        "pipeline@test.example",
        "desk@test.example",
        None,
    )
    assert message.get_content_type() == "text/plain"
    assert message.get_content().splitlines() == ["<b>Übel</b> & more", "line 2"]


@pytest.mark.parametrize("is_trusted", [True, False])
def test_the_mail_server_is_logged_in_to_over_a_checked_certificate_only(
    mailed: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture, is_trusted: bool
) -> None:
    certificate = write_certificate(tmp_path / "server.pem")
    if is_trusted:
        mailed.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server(certificate) as server:
        _told_with_login(mailed, server)
    assert server.logins == (["\0desk\0pass-word"] if is_trusted else [])
    assert len(server.messages) == is_trusted
    assert ("SSLCertVerificationError" in caplog.text) is not is_trusted
    assert "pass-word" not in caplog.text


def test_a_password_is_never_sent_in_the_clear(
    mailed: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with mail_server() as server:
        _told_with_login(mailed, server)
    assert (server.logins, server.messages) == ([], [])
    assert "could not be sent (SMTPNotSupportedError)" in caplog.text


def _told_with_login(mailed: pytest.MonkeyPatch, server: MailServer) -> None:
    mailed.setenv("INCIDENTS_ALARM_SMTP", f"127.0.0.1:{server.port}")
    mailed.setenv("INCIDENTS_ALARM_SMTP_USER", "desk")
    mailed.setenv("INCIDENTS_ALARM_SMTP_PASSWORD", "pass-word")
    tell("The task failed", "why")


def test_a_lake_that_cannot_be_read_is_logged_and_the_run_goes_on(
    home: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    home.lake.mkdir(parents=True)
    (home.lake / "catalog.json").write_text("{half", encoding="utf-8")
    tell_warnings("b-1", home)
    assert "The warnings of batch b-1 could not be read" in caplog.text


def test_the_warnings_of_a_batch_are_in_its_json_and_in_the_alarm(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "short.jsonl"
    path.write_text(json.dumps(record(text="Gunmen killed three people in Gao on Monday.")), encoding="utf-8")
    ran = CliRunner().invoke(app, ["run", str(path), "--json"])
    summary = json.loads(ran.stdout)
    [warning] = [line for line in summary["warnings"] if line.startswith("articles:")]
    assert "words" in warning
    with alarm_desk() as (address, came):
        monkeypatch.setenv("INCIDENTS_ALARM_WEBHOOK", address)
        tell_warnings(summary["batch_id"], home)
    [alarm] = came
    assert warning in alarm["text"].splitlines()
    assert alarm["text"].splitlines()[-1] == f"Report: {summary['report']}"
