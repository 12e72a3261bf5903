"""The page in a real browser: it loads alone and silently, sorts, filters, follows the slider, and all can read it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.report.conftest import classes_of
from uncertainty import ProbabilisticMLPRegressor, write_report
from uncertainty.metrics import coverage_report
from uncertainty.report.levels import HEADLINE, LEVELS

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def opened(browser: Any, regression_page: Path, classification_page: Path) -> dict[str, Any]:
    return {"regression": Opened(browser, regression_page), "classification": Opened(browser, classification_page)}


class Opened:
    """A page, and what it said and asked for while it loaded."""

    def __init__(self, browser: Any, path: Path, **context: Any) -> None:
        self.page = browser.new_context(**context).new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("#rows tbody tr")
        self.path = path

    def column(self, name: str) -> list[str]:
        """Return the texts of a column of the rows that are shown."""
        index = self.names().index(name)
        cells = self.page.locator(f"#rows tbody tr > :nth-child({index + 1})")
        return cells.all_inner_texts()

    def names(self) -> list[str]:
        return self.page.locator("#rows thead button").all_text_contents()

    def numbers(self, name: str) -> np.ndarray:
        texts = self.column(name)
        return np.array([float(text.replace(",", "").replace("−", "-").replace(" %", "") or "nan") for text in texts])

    def sort_by(self, name: str) -> None:
        self.page.locator("#rows thead button").nth(self.names().index(name)).click()

    def choose(self, level: int) -> None:
        self.page.locator("#level").fill(str(level))


@pytest.mark.parametrize("kind", ["regression", "classification"])
def test_it_loads_alone_and_silently(opened: Any, kind: str) -> None:
    page = opened[kind]
    assert page.said == []
    assert page.asked == [page.path.as_uri()]


def test_the_slider_tells_the_coverage_report(opened: Any, regressor: Any, test_rows: Any) -> None:
    X, y = test_rows
    report, page = coverage_report(regressor, X, y, coverage=LEVELS), opened["regression"]
    interval = regressor[-1].predict_interval(regressor[:-1].transform(X), coverage=LEVELS)
    for level in (0, len(LEVELS) - 1, HEADLINE):
        page.choose(level)
        text = page.page.inner_text
        assert text("#asked") == f"{LEVELS[level]:.0%}".replace("%", " %")
        assert float(text("#observed").rstrip(" %<>")) == pytest.approx(100 * report.observed[level], abs=0.11)
        assert float(text("#size")) == pytest.approx(report.size[level], rel=1e-2)
        assert f"of {len(y)} rows" in text("#level-reading")
        assert page.page.get_attribute("#level", "aria-valuetext") == text("#asked")
        rows = list(map(int, page.column("row")))
        assert len(rows) == 50
        assert np.abs(page.numbers("lower") - interval[rows, 0, level]).max() < 0.06
        assert np.abs(page.numbers("upper") - interval[rows, 1, level]).max() < 0.06
        inside = (interval[rows, 0, level] <= y[rows]) & (y[rows] <= interval[rows, 1, level])
        assert page.column("held") == ["held" if held else "missed" for held in inside]
        assert page.page.locator(".dot.level.chosen").get_attribute("data-point") == str(level)


def test_columns_sort_both_ways_with_gaps_last(opened: Any, test_rows: Any) -> None:
    page, X = opened["regression"], test_rows[0]
    heads = page.page.locator("#rows thead th")
    for name in ("age", "income"):
        page.sort_by(name)
        expected = X[name].sort_values(kind="stable")
        assert list(map(int, page.column("row"))) == expected.index[:50].tolist()
        assert heads.nth(page.names().index(name)).get_attribute("aria-sort") == "ascending"
        page.sort_by(name)
        assert np.abs(page.numbers(name) - np.sort(X[name].dropna())[::-1][:50]).max() <= 0.5
        assert heads.nth(page.names().index(name)).get_attribute("aria-sort") == "descending"
    assert page.page.locator("#rows th[aria-sort=ascending], #rows th[aria-sort=descending]").count() == 1
    page.sort_by("region")
    assert page.column("region") == sorted(X["region"])[:50]
    page.sort_by("row")
    assert page.column("row") == [str(row) for row in range(50)]
    page.page.click("#next")
    assert page.column("row") == [str(row) for row in range(50, 100)]
    page.page.click("#previous")
    assert page.page.is_disabled("#previous")


def test_rows_are_filtered(opened: Any, test_rows: Any, regressor: Any) -> None:
    page, (X, y) = opened["regression"], test_rows
    status = lambda: page.page.inner_text("#status")  # noqa: E731
    page.page.fill("#find", "</SCRIPT>")
    count = X["region"].str.contains("islands").sum()
    assert f"of {count} ({len(X)} without the filter)" in status()
    assert set(page.column("region")) == {"</script><b>islands</b>"}
    page.page.fill("#find", "nowhere")
    assert status().startswith("No row fits")
    page.page.fill("#find", "")
    page.page.select_option("#range-column", label="age")
    page.page.fill("#range-low", "70")
    page.page.fill("#range-high", "72")
    assert f"of {X['age'].between(70, 72).sum()} (" in status()
    page.page.fill("#range-low", "")
    page.page.fill("#range-high", "")
    page.page.select_option("#which", "missed")
    report = coverage_report(regressor, X, y, coverage=LEVELS[HEADLINE])
    page.choose(HEADLINE)
    assert f"of {round((1 - report.observed[0]) * len(y))} (" in status()
    assert set(page.column("held")) == {"missed"}
    page.page.select_option("#which", "all")
    assert status().endswith(f"of {len(X)}")


def test_sets_follow_the_slider(opened: Any, classifier: Any, test_rows: Any) -> None:
    page, (X, y) = opened["classification"], test_rows
    proba = classifier.predict_proba(X)
    page.choose(0)
    page.sort_by("row")
    likeliest = np.array(classifier.classes_)[proba[:50].argmax(axis=1)]
    sure = proba[:50].max(axis=1) >= 0.5
    assert page.column("prediction") == likeliest.tolist()
    assert page.column("band") == classes_of(y)[:50].tolist()
    assert np.array(page.column("set"))[sure].tolist() == likeliest[sure].tolist()
    small = [len(text.split(", ")) for text in page.column("set")]
    page.choose(len(LEVELS) - 1)
    large = [len(text.split(", ")) for text in page.column("set")]
    assert sum(large) > sum(small)
    assert np.abs(page.numbers("confidence") - proba[:50].max(axis=1)).max() <= 5e-4


def test_the_keyboard_reaches_slider_and_headers(opened: Any) -> None:
    page = opened["regression"].page
    page.focus("#level")
    before = page.inner_text("#asked")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#asked") != before
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#asked") == before
    page.locator("#rows thead button").first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('th').cellIndex") == 1
    page.keyboard.press("Enter")
    assert page.locator("#rows thead th").nth(1).get_attribute("aria-sort") == "ascending"


@pytest.mark.parametrize(
    ("kind", "scheme"),
    [
        ("regression", "dark"),
        ("classification", "light"),
        pytest.param("regression", "light", marks=pytest.mark.slow),
        pytest.param("classification", "dark", marks=pytest.mark.slow),
    ],
)
def test_no_serious_barrier(
    browser: Any, regression_page: Path, classification_page: Path, kind: str, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is missing")
    path = regression_page if kind == "regression" else classification_page
    page = Opened(browser, path, color_scheme=scheme).page
    found = axe.Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")] == []


def test_colours_follow_the_screen_and_the_button(browser: Any, regression_page: Path) -> None:
    page = Opened(browser, regression_page, color_scheme="dark").page
    ground = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")  # noqa: E731
    assert ground() == "rgb(22, 24, 27)"
    page.click("#theme")
    assert ground() == "rgb(255, 255, 255)"
    assert page.inner_text("#theme") == "Dark colours"
    page.click("#theme")
    page.emulate_media(media="print")
    assert ground() == "rgb(255, 255, 255)"


@pytest.mark.parametrize(("width", "media"), [(375, "screen"), (700, "print")])
def test_it_fits_a_phone_and_a_sheet(browser: Any, regression_page: Path, width: int, media: str) -> None:
    page = Opened(browser, regression_page, viewport={"width": width, "height": 900}).page
    page.emulate_media(media=media)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if media == "print":
        assert not page.is_visible("#level")
        assert not page.is_visible("#find")
        assert page.is_visible("#level-reading")
        assert len(page.pdf(format="A4")) > 10_000


def test_without_scripts_everything_but_the_table_is_there(browser: Any, regression_page: Path) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(regression_page.as_uri())
    assert page.is_visible("figure svg")
    assert page.is_visible("noscript")
    assert not page.is_visible("#level")


@pytest.mark.slow
def test_twenty_thousand_rows_are_small_and_open_fast(browser: Any, tmp_path: Path) -> None:
    generator, n = np.random.default_rng(0), 20_000
    scales = 10.0 ** generator.uniform(-3, 5, 12)
    X = pd.DataFrame({f"number {i}": generator.normal(size=n) * scale for i, scale in enumerate(scales)})
    y = X["number 0"] / scales[0] + generator.normal(size=n)
    model = ProbabilisticMLPRegressor((8,), max_iter=4, random_state=0).fit(X[:500], y[:500])
    named = X.set_index(pd.Index([f"customer {i:06d}" for i in range(n)]))
    write_report(model, named, y, tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size < 5e6
    start = time.perf_counter()
    page = Opened(browser, tmp_path / "report.html")
    assert time.perf_counter() - start < 3.0
    assert page.said == []
    assert page.page.inner_text("#status") == "Rows 1 to 50 of 20,000"
