"""Alarms reach a webhook, and a channel that fails does not hide what it tells of."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from pipeline.batches.alarms import tell


def test_an_alarm_reaches_the_webhook_though_the_mail_server_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    came: list[dict[str, str]] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Taking) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        monkeypatch.setenv("INCIDENTS_ALARM_WEBHOOK", f"http://127.0.0.1:{server.server_port}/alarm")
        monkeypatch.setenv("INCIDENTS_ALARM_SMTP", "127.0.0.1:1")
        monkeypatch.setenv("INCIDENTS_ALARM_TO", "desk@test.example")
        tell("Batch b-1: 1 warnings", "articles: too few")
        thread.join()
    assert came == [{"subject": "Batch b-1: 1 warnings", "text": "articles: too few"}]
    assert "could not be sent (ConnectionRefusedError)" in caplog.text
