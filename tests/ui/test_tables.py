"""Lists: what the query string may do, and that nothing in it can break a page."""

import django_filters
import pytest
from django.contrib.auth.models import Permission
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.tables import Column, Search, Table

pytestmark = pytest.mark.django_db


class Filters(django_filters.FilterSet):
    q = Search("name__icontains", "codename__icontains")
    kind = django_filters.ChoiceFilter(
        field_name="codename", lookup_expr="startswith", choices=[("add", "Add"), ("view", "View")]
    )

    class Meta:
        model = Permission
        fields = ()


def a_table(**changes):
    options = {
        "name": "permissions",
        "columns": (
            Column("name", "Name", order=("name",)),
            Column("type", "Type", order=("content_type",)),
            Column("plain", "Plain"),
        ),
        "sort": "name",
        "filters": Filters,
        "page_size": 10,
    }
    return Table(**{**options, **changes})


def seen(query="", table=None, rows=None):
    request = RequestFactory().get(f"/list/?{query}")
    return (table or a_table()).view(request, Permission.objects.all() if rows is None else rows)


def test_pages_neither_repeat_nor_lose_rows():
    shown = []
    view = seen("sort=type")
    total = Permission.objects.count()
    while True:
        shown += [row.pk for row in view.rows]
        if not view.next_url:
            break
        view = seen(view.next_url.partition("?")[2])
    assert len(shown) == len(set(shown)) == total
    assert (view.last_index, view.count) == (total, total)


@pytest.mark.parametrize("page", ["-1", "0", "abc", "1.5", "", "٣", "1e9", "9" * 400, "%00"])
def test_a_malformed_page_shows_a_page(page):
    view = seen(f"page={page}")
    assert view.rows
    assert 1 <= view.number <= -(-Permission.objects.count() // 10)


def test_a_page_beyond_the_end_is_the_last():
    view = seen("page=99999")
    assert view.number == -(-Permission.objects.count() // 10)
    assert not view.next_url
    assert view.last_index == Permission.objects.count()


@pytest.mark.parametrize("sort", ["codename", "content_type__model", "-", "--name", "plain", "?"])
def test_only_listed_columns_sort(sort):
    assert seen(f"sort={sort}").sort == "name"


def test_sorting_turns_round_and_keeps_the_filters():
    view = seen("q=add&sort=name&page=2")
    by_name, by_type, plain = view.headings
    assert (by_name.direction, by_name.url) == ("ascending", "/list/?q=add&sort=-name")
    assert (by_type.direction, by_type.url) == ("none", "/list/?q=add&sort=type")
    assert (plain.direction, plain.url) == ("", "")
    names = [row.name for row in seen("sort=-name").rows]
    assert names == sorted(names, reverse=True)


def test_private_columns_are_no_filters():
    assert seen("content_type__model=user&password=x").kept == []
    assert seen("content_type__model=user").count == Permission.objects.count()


def test_a_bad_choice_is_told_and_ignored():
    view = seen("kind=nonsense")
    assert view.count == Permission.objects.count()
    assert "kind" in view.filter_form.errors


def test_counting_stops_at_the_cap_and_far_pages_still_exist():
    table = a_table(count_cap=20)
    first = seen("", table)
    assert (first.count, first.count_is_capped) == (20, True)
    far = seen("page=4", table)
    assert (far.number, far.count_is_capped) == (4, False)
    assert far.count == Permission.objects.count()


def test_a_short_list_costs_two_queries_one_for_its_keys(django_assert_num_queries):
    with django_assert_num_queries(2):
        view = seen("q=add_permission")
        assert (len(view.rows), view.count, view.next_url) == (1, 1, "")


@pytest.mark.parametrize("page", [1, 2])
def test_a_long_list_costs_one_more_for_its_count(django_assert_num_queries, page):
    with django_assert_num_queries(3):
        view = seen(f"page={page}")
        assert view.rows
        assert view.count


def test_a_table_that_cannot_sort_as_it_says_does_not_start():
    with pytest.raises(ValueError, match="cannot sort"):
        a_table(sort="plain")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["q", "kind", "sort", "page", "name", "csrf", "__class__"]),
        st.text(max_size=30),
        max_size=4,
    )
)
def test_no_query_string_breaks_a_list(query):
    request = RequestFactory().get("/list/", query)
    view = a_table().view(request, Permission.objects.all())
    assert len(view.rows) <= 10
    assert view.first_index <= view.last_index
    assert 0 <= len(view.rows) <= view.count
    for heading in view.headings:
        assert heading.url == "" or heading.url.startswith("/list/")
