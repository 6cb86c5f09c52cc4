"""Which reports of copies count: each incident of a story once, whichever copy tells it, in whatever order they are looked at."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.lake.stories import Told, uncounted


def _told(article: int, number: int = 1, **known: Any) -> Told:
    blank: dict[str, Any] = {
        "report_id": f"r-{article}-{number}", "article_id": f"a-{article}", "published_at": article, "country": "NGA", "day": "2025-03-03",
        "place": "konduga", "province": "Borno", "killed": 14, "event_type": "Battles", "is_corrected": False, "is_retracted": False,
    }  # fmt: skip
    return Told(**blank | known)


def _counted(*story: Told) -> list[Told]:
    left_out = {report.report_id for report, _ in uncounted(story)}
    return [report for report in story if report.report_id not in left_out and not report.is_retracted]


GWOZA = {"place": "gwoza", "day": "2025-03-06", "killed": 31}
DAMBOA = {"place": "damboa", "day": "2025-03-08", "killed": 9}


def test_attacks_that_share_only_stock_sentences_all_count() -> None:
    assert len(_counted(_told(1), _told(2, **GWOZA), _told(3, **DAMBOA))) == 3
    assert len(_counted(_told(1, killed=3), _told(2, **GWOZA | {"killed": 3}))) == 2
    assert (
        len(_counted(_told(1, place=None), _told(2, place=None, province="Zamfara", day="2025-03-06"))) == 2
    )


def test_a_copy_counts_once_though_its_day_place_or_toll_was_edited() -> None:
    for edit in (
        {"day": "2025-03-10"},
        {"place": "maiduguri"},
        {"killed": 19},
        {"country": "USA", "province": "Texas"},
        {"place": None},
    ):
        assert len(_counted(_told(1), _told(2, **edit))) == 1, edit


def test_a_copy_that_was_cut_leaves_the_other_incidents_counted() -> None:
    whole = [_told(1, 1), _told(1, 2, **GWOZA), _told(1, 3, place=None, killed=2)]
    cut = _told(2, 1, is_corrected=True)
    assert _counted(*whole, cut) == [*whole[1:], cut]


def test_the_toll_published_last_counts_as_first_told() -> None:
    story = [
        _told(3, killed=12),
        _told(1, killed=19),
        _told(4, killed=27),
        _told(5, killed=27),
        _told(2, killed=12),
    ]
    assert [report.article_id for report in _counted(*story)] == ["a-4"]


def test_a_late_copy_that_says_less_does_not_count() -> None:
    assert [
        report.article_id for report in _counted(_told(1), _told(2, killed=None), _told(3, place=None))
    ] == ["a-1"]


def test_a_report_taken_back_is_not_told_by_a_copy_and_one_of_a_copy_changes_nothing() -> None:
    assert _counted(_told(1, is_retracted=True), _told(2)) == []
    assert _counted(_told(1), _told(2, is_retracted=True)) == [_told(1)]
    assert _counted(
        _told(1, 1, is_retracted=True), _told(1, 2, **GWOZA), _told(2, 1), _told(2, 2, **GWOZA)
    ) == [_told(1, 2, **GWOZA)]


def test_a_corrected_report_counts_unless_it_was_taken_back() -> None:
    assert _counted(_told(1), _told(2, is_corrected=True)) == [_told(2, is_corrected=True)]
    assert _counted(_told(1), _told(2, is_corrected=True, is_retracted=True)) == [_told(1)]


REPORTS = st.builds(
    _told,
    st.integers(1, 4),
    st.integers(1, 3),
    day=st.sampled_from(["2025-03-03", "2025-03-06", None]),
    place=st.sampled_from(["konduga", "gwoza", None]),
    killed=st.sampled_from([3, 14, None]),
    country=st.sampled_from(["NGA", "MLI", None]),
    is_corrected=st.booleans(),
    is_retracted=st.booleans(),
)


@given(
    st.lists(REPORTS, max_size=8, unique_by=lambda report: report.report_id),
    st.randoms(use_true_random=False),
)
def test_any_order_gives_the_same_and_a_lone_article_counts_whole(story: list[Told], order: Any) -> None:
    shuffled = list(story)
    order.shuffle(shuffled)
    left_out = sorted((report.report_id, counts.report_id) for report, counts in uncounted(story))
    assert left_out == sorted((report.report_id, counts.report_id) for report, counts in uncounted(shuffled))
    replacing = {counts for _, counts in left_out}
    assert not replacing & {report for report, _ in left_out}
    by_id = {report.report_id: report for report in story}
    assert all(by_id[one].article_id != by_id[other].article_id for one, other in left_out)
