"""What every worker needs, read once in the process that workers are forked from (see ``pipeline.text.guard``).

That process is a fresh interpreter with one thread: no lock, connection or open file of ours is in it.
"""

from __future__ import annotations

import datetime as dt
import gc
import os

# Before numpy and Arrow are imported: they start threads otherwise, and a process with threads is not safely forked.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["JE_ARROW_MALLOC_CONF"] = "background_thread:false"

from pipeline.batches.extraction import extract_one
from pipeline.extract.gazetteer import default_gazetteer
from pipeline.records import Article
from pipeline.sources import registry
from pipeline.text.candidates import is_candidate
from pipeline.text.language import judge_language

_DAY = dt.date(2025, 3, 5)
_TEXT = "MAIDUGURI, Nigeria – Seven soldiers were killed on Monday when Boko Haram fighters attacked a base in Konduga."

extract_one(
    (
        "rules",
        Article(
            article_id="a-0",
            title=None,
            text=_TEXT,
            published_at=dt.datetime(2025, 3, 5, tzinfo=dt.UTC),
            published_on=_DAY,
            source_name=registry.__name__,
            url=None,
            language="en",
        ),
    )
)
judge_language(None, _TEXT)
is_candidate(_TEXT)
# It depends on the home, which may be another one for each use, and may have changed.
default_gazetteer.cache_clear()
# What is read by now is never garbage: a worker that looks through it for some copies the memory it shares.
gc.freeze()
