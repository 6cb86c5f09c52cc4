"""What articles say is shown in the forms of reviewers as plain characters."""

from __future__ import annotations

import html

import pytest

from pipeline.orchestration.reviewing import plain_markdown


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("[here](javascript:alert(1))", "[here](javascript:alert(1))"),
        ("{{ conf }}{% raw %}", "{{ conf }}{% raw %}"),
        ("https://evil.example", "https[:]//evil.example"),
        ("WWW.evil.example", "WWW[.]evil.example"),
        ("a@evil.example", "a[@]evil.example"),
        ("one\n# two", "one # two"),
        ("left\u202eright\x1b[31m", "left\\x202eright\\x1b[31m"),
        ("| a | b", "| a | b"),
        ("7 soldiers, São Tomé", "7 soldiers, São Tomé"),
    ],
)
def test_signs_are_shown_and_none_of_them_works(hostile: str, shown: str) -> None:
    made = plain_markdown(hostile)
    assert html.unescape(made) == shown
    assert not set(made) & set("<>[](){}|*_`~:@.!/\\\n\x1b\u202e")
