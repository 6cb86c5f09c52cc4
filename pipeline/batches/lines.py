"""The pure function at the heart: lines of articles to lines of extractions, in order, one for one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.extract.contract import contract_line, identify, parse_article
from pipeline.extract.protocol import get_extractor
from pipeline.records import Extraction
from pipeline.text.guard import map_guarded


def extract_lines(lines: Iterable[bytes], *, extractor: str, workers: int) -> Iterator[bytes]:
    """One output line an input line; blank lines are skipped."""
    get_extractor(extractor)
    tasks = ((extractor, line.rstrip(b"\r\n")) for line in lines if line.strip())
    for outcome in map_guarded(extract_line, tasks, workers=workers):
        if outcome.made is not None:
            yield outcome.made
        else:
            line = outcome.given[1]
            yield contract_line(
                Extraction(article_id=identify(line), error=f"The extractor failed: {outcome.failure}.")
            )


def extract_line(task: tuple[str, bytes]) -> bytes:
    """The output line of one input line; runs in a worker process."""
    name, line = task
    try:
        article = parse_article(line)
    except (ValueError, UnicodeDecodeError) as error:
        return contract_line(Extraction(article_id=identify(line), error=f"The line is no article: {error}."))
    return contract_line(get_extractor(name).extract(article))
