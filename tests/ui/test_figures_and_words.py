"""Volumes, times, pills, meters and charts, as they stand on the screen."""

import datetime
import re
import zoneinfo

import pytest
import time_machine
from django.template import engines
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from common import meters, statuses, wording
from common.charts import Series, bar_chart, line_chart

NOON = datetime.datetime(2025, 3, 18, 12, 3, 21, tzinfo=datetime.UTC)


def drawn(text, **context):
    return engines["django"].from_string(text).render(context)


@pytest.mark.parametrize(
    ("in_bytes", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000_000, "1 MB"),
        (1_250_000_000, "1.25 GB"),
        (1_200_000_000, "1.2 GB"),
        (100_000_000_000, "100 GB"),
        (999_999_999, "1 GB"),
        (2_500_000_000_000_000, "2,500 TB"),
    ],
)
def test_volumes_are_in_decimal_units(in_bytes, words):
    assert wording.volume(in_bytes) == words.replace(" ", "\N{NO-BREAK SPACE}")


def test_volumes_follow_the_language():
    with translation.override("nl"):
        assert wording.volume(1_250_000_000) == "1,25\N{NO-BREAK SPACE}GB"


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_no_volume_has_a_scientific_or_long_form(in_bytes):
    words = wording.volume(in_bytes)
    assert "E" not in words
    assert len(words) <= 15


def test_what_is_unknown_is_a_dash():
    for name in ("volume", "exact_volume", "moment", "ago", "day", "clock"):
        assert drawn(f"{{{{ nothing|{name} }}}}", nothing=None) == wording.UNKNOWN


def test_times_stand_in_the_zone_of_the_tenant():
    with timezone.override(zoneinfo.ZoneInfo("Europe/Amsterdam")):
        assert drawn("{{ t|moment }}", t=NOON) == (
            '<time datetime="2025-03-18T12:03:21+00:00">18 Mar 2025, 13:03</time>'
        )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "just now"), (150, "2\N{NO-BREAK SPACE}minutes ago"), (-60, "18 Mar 2025, 12:03")],
)
def test_ago_is_told_in_its_largest_unit(seconds, words):
    with time_machine.travel(NOON + datetime.timedelta(seconds=seconds), tick=False):
        assert f">{words}</time>" in drawn("{{ t|ago }}", t=NOON)


def test_a_status_is_colour_icon_and_word():
    looks = {"on": statuses.Look("good", "check"), "off": statuses.Look("bad", "ban")}
    statuses.register_statuses("lamp", choices=[("on", "On"), ("off", "<Off>")], looks=looks)
    pill = drawn('{{ "off"|pill:"lamp" }}')
    assert 'data-tone="bad"' in pill
    assert "<svg" in pill
    assert "&lt;Off&gt;" in pill


def test_a_status_without_a_look_is_found_at_start():
    with pytest.raises(ValueError, match="half"):
        statuses.register_statuses("door", choices=[("half", "Half open")], looks={})


@pytest.mark.parametrize(
    ("used", "cap", "percent", "tone"),
    [
        (0, 100, 0, "info"),
        (799, 1000, 79, "info"),
        (80, 100, 80, "warn"),
        (9_999, 10_000, 99, "warn"),
        (100, 100, 100, "bad"),
        (5, 0, 100, "bad"),
        (0, 0, 0, "info"),
    ],
)
def test_the_meter_says_what_it_shows(used, cap, percent, tone):
    shown = meters.meter(used=used, cap=cap)
    assert f"{percent}%</strong>" in shown
    assert f'data-tone="{tone}"' in shown


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_the_meter_never_leaves_its_frame(used, cap):
    for share in re.findall(r'(?:width|x1)="([\d.]+)%"', meters.meter(used=used, cap=cap)):
        assert 0 <= float(share) <= 100


@pytest.mark.parametrize("make", [bar_chart, line_chart])
def test_a_chart_is_geometry_in_classes_and_a_table(make):
    chart = make(
        title="Use <by> day",
        label_head="Day",
        labels=["1", "2", "<3>"],
        series=[Series("Home", [1, 2, None]), Series("Abroad", [0, 5, 7])],
    )
    assert not [bad for bad in ("<style", "<script", "style=", " id=", "<desc") if bad in chart.svg]
    assert "serie-1" in chart.svg
    assert "Use &lt;by&gt; day" in chart.svg
    assert chart.rows[2] == ("<3>", (wording.UNKNOWN, "7"))
    assert "<table" in drawn("{% chart c %}", c=chart)


@pytest.mark.parametrize("figures", [[], [None, None], [0, 0]])
def test_a_chart_of_nothing_is_still_drawn(figures):
    labels = [str(n) for n in range(len(figures))]
    chart = bar_chart(title="Use", label_head="Day", labels=labels, series=[Series("A", figures)])
    assert chart.svg.startswith("<svg")


def test_days_are_marked_by_every_fifth_and_told_in_full():
    days = [datetime.date(2025, 3, 1) + datetime.timedelta(days=number) for number in range(31)]
    use = Series("Use", list(range(31)))
    chart = bar_chart(title="Use", label_head="Day", labels=days, series=[use])
    axis = chart.svg.partition("axis x")[2].partition("axis y")[0]
    assert re.findall(r"<text[^>]*>(.+?)</text>", axis) == ["1", "5", "10", "15", "20", "25"]
    assert chart.rows[30][0] == "31 Mar 2025"
    assert "31 Mar 2025: 30" in chart.svg


def test_a_few_days_are_all_marked():
    days = [datetime.date(2025, 3, 7) + datetime.timedelta(days=number) for number in range(4)]
    use = Series("Use", [1, 2, 3, 4])
    chart = bar_chart(title="Use", label_head="Day", labels=days, series=[use])
    assert [f">{day}</text>" in chart.svg for day in (7, 8, 9, 10)] == [True] * 4
