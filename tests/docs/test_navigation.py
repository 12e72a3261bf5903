"""The sidebar: every page once, and those that nobody listed too."""

from pathlib import Path
from types import SimpleNamespace

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}


def listed(groups):
    return [page for pages in groups.values() for page in pages]


def test_every_page_is_in_one_place(navigation):
    found = listed(navigation.groups(PAGES | {"api/index"}))
    assert len(found) == len(set(found))
    below_a_list = {page for page in PAGES if f"{Path(page).parent}/README" in navigation.LISTS}
    assert set(found) | below_a_list | {"index"} == PAGES | {"api/index"}


def test_a_page_of_the_guide_that_no_group_names_is_there_all_the_same(navigation):
    groups = navigation.groups({"quick_start", "user_guide/saving", "user_guide/something_new"})
    assert groups[navigation.OTHERS] == ["user_guide/something_new"]
    assert groups["Start"] == ["quick_start"]


def test_toctrees_are_added_where_they_belong(navigation):
    app = SimpleNamespace(
        env=SimpleNamespace(found_docs={"index", "quick_start", "decisions/README", "decisions/0001"})
    )
    pages = {name: [f"# {name}\n"] for name in ("index", "quick_start", "decisions/README")}
    for name, source in pages.items():
        navigation.add_toctrees(app, name, source)
    assert "/quick_start" in pages["index"][0]
    assert pages["quick_start"] == ["# quick_start\n"]
    assert "/decisions/0001" in pages["decisions/README"][0]
    assert "/decisions/README" not in pages["decisions/README"][0]
