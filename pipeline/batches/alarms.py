"""Alarms: what a person should look at goes to the log, and to e-mail and a webhook where they are set up.

Set up by environment:

- ``INCIDENTS_ALARM_WEBHOOK``: an address that takes a JSON object.
- ``INCIDENTS_ALARM_SMTP``: ``host:port``, or ``smtps://host:port`` for a server that speaks TLS from the start; with
  ``INCIDENTS_ALARM_TO`` and ``INCIDENTS_ALARM_FROM``.
- ``INCIDENTS_ALARM_SMTP_STARTTLS=1``: encrypt before anything is sent.
- ``INCIDENTS_ALARM_SMTP_USER`` and ``INCIDENTS_ALARM_SMTP_PASSWORD``: log in, never without encryption.

A channel that fails is told in the log; it never fails the run that it tells of. Everything goes out as plain text.
"""

from __future__ import annotations

import logging
import os
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from urllib.parse import urlsplit

import httpx

from pipeline.batches.reporting import report_path
from pipeline.config import Settings
from pipeline.lake.snapshot import Snapshot

_LOG = logging.getLogger(__name__)
_SECONDS = 10
_FAILED = """
SELECT table_name, sentence, unexpected_count, observed FROM quality_results
WHERE batch_id = ? AND severity = 'warn' AND NOT is_passed ORDER BY table_name, expectation
"""


def batch_warnings(batch_id: str, settings: Settings) -> list[str]:
    """A line for each expectation that warns of a published batch: what was expected, and how many rows or which value."""
    with Snapshot(settings.lake) as snapshot:
        rows = snapshot.rows(_FAILED, [batch_id])
    return [
        f"{row['table_name']}: expected was: {row['sentence']} "
        + (
            f"Found: {row['observed']}."
            if row["observed"]
            else f"Rows that fail: {row['unexpected_count']:,}."
        )
        for row in rows
    ]


def tell_warnings(batch_id: str, settings: Settings) -> None:
    """Tell of the warnings of a published batch, if there are any; never raises, for the batch is published."""
    try:
        lines = batch_warnings(batch_id, settings)
    except Exception as error:  # the batch's own outcome stands
        _LOG.error(
            "The warnings of batch %s could not be read (%s): %s", batch_id, type(error).__name__, error
        )
        return
    if lines:
        text = "\n".join([*lines, f"Report: {report_path(batch_id, settings)}"])
        tell(f"Batch {batch_id}: {len(lines)} warnings", text)


def tell(subject: str, text: str) -> None:
    """Send an alarm by every channel that is set up; never raises."""
    _LOG.warning("%s\n%s", subject, text)
    for send in (_post, _mail):
        _try(send, subject, text)


def _try(send: Callable[[str, str], None], subject: str, text: str) -> None:
    try:
        send(subject, text)
    except Exception as error:  # whatever a channel does, the run's own outcome stands
        _LOG.error("The alarm could not be sent (%s): %s", type(error).__name__, subject)


def _post(subject: str, text: str) -> None:
    if address := os.environ.get("INCIDENTS_ALARM_WEBHOOK"):
        httpx.post(address, json={"subject": subject, "text": text}, timeout=_SECONDS).raise_for_status()


def _mail(subject: str, text: str) -> None:
    server, to = os.environ.get("INCIDENTS_ALARM_SMTP"), os.environ.get("INCIDENTS_ALARM_TO")
    if not server or not to:
        return
    message = EmailMessage()
    message["Subject"] = " ".join(subject.split())
    message["From"] = os.environ.get("INCIDENTS_ALARM_FROM") or to
    message["To"] = to
    message.set_content(text)
    with _connected(server) as connection:
        connection.send_message(message)


def _connected(server: str) -> smtplib.SMTP:
    """A connection, encrypted and logged in as the settings say; certificates are checked."""
    parts = urlsplit(server if "://" in server else f"smtp://{server}")
    host, user = parts.hostname or "", os.environ.get("INCIDENTS_ALARM_SMTP_USER")
    if parts.scheme == "smtps":
        context = ssl.create_default_context()
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            host, parts.port or 465, timeout=_SECONDS, context=context
        )
    else:
        connection = smtplib.SMTP(host, parts.port or 25, timeout=_SECONDS)
    try:
        if parts.scheme != "smtps" and (user or os.environ.get("INCIDENTS_ALARM_SMTP_STARTTLS") == "1"):
            connection.starttls(context=ssl.create_default_context())
        if user:
            connection.login(user, os.environ.get("INCIDENTS_ALARM_SMTP_PASSWORD", ""))
    except BaseException:
        connection.close()
        raise
    return connection
