"""The cells of a table, and what is said about ratios and warnings."""

from __future__ import annotations

import re

from benchmarks.components.family import Family
from benchmarks.components.tables import family_table, option_warning_lines, ratio_lines

from .conftest import make_result

FAMILY = Family({}, "")


def cells(line: str) -> list[str]:
    return re.split(r"\s{2,}", line)


def test_a_line_for_each_option() -> None:
    first = make_result("first", [1.0, 3.0], [1.0, 3.0], [1.0, 1.0], rmse=0.5)
    second = make_result("second", [1.5, 3.5], [3.0, 3.0], [1.0, 1.0], loss=-0.25)
    lines = family_table([first, second], FAMILY, "regression", 5).splitlines()
    assert cells(lines[0]) == ["option", "loss", "train NLL", "NLL", "NLL - first", "RMSE", "NLL of 5", "s, 5", "s, 1",
                               "ratio"]  # fmt: skip
    assert cells(lines[2]) == ["first", "1.000", "1.000", "2.000 +- 1.000", "0.500 +- 0.000", "1.000", "2.00", "1.00",
                               "2.00"]  # fmt: skip
    # The splits differ by 2, the options by 0.5 on both.
    assert cells(lines[3])[3:5] == ["2.500 +- 1.000", "0.500 +- 0.000"]
    assert cells(lines[3])[1] == "-0.250"
    assert cells(lines[3])[-1] == "3.00 !"


def test_rates_have_a_column_where_they_were_chosen() -> None:
    result = make_result("sgd", [1.0], [1.0], [1.0], rate=0.03)
    lines = family_table([result], Family({}, "", rates=(0.03,)), "classification", 3).splitlines()
    assert cells(lines[0])[1] == "rate"
    assert "accuracy" in cells(lines[0])
    assert cells(lines[2])[1] == "0.03"


def test_one_network_has_no_ensemble_and_no_ratio() -> None:
    result = make_result("MC", [1.0], None, [1.5], ensemble_nll=None)
    assert cells(family_table([result], FAMILY, "regression", 5).splitlines()[2])[-4:] == ["-", "-", "1.50", "-"]


def test_every_ratio_beyond_its_limit_is_named() -> None:
    results = [make_result(name, [0.0], [seconds], [1.0]) for name, seconds in (("a", 2.0), ("b", 3.0), ("c", 2.25))]
    comparisons = [comparison for result in results if (comparison := result.comparison("family", 5)) is not None]
    assert ratio_lines(comparisons) == [
        "Beyond the limit of 2.50: family, b, fit of 5: 3.00",
        "2 of 3 ratios are within the limit of 2.50; the largest of them is 2.25 (family, c, fit of 5)",
    ]
    assert ratio_lines(comparisons[1:2]) == ["Beyond the limit of 2.50: family, b, fit of 5: 3.00"]
    assert ratio_lines([]) == []


def test_warnings_name_family_and_option() -> None:
    results = {"heads": [make_result("a", [1.0, 2.0], [1.0, 1.0], [1.0, 1.0], warnings=["UserWarning: x"])]}
    assert option_warning_lines(results) == ["2 runs of heads, a gave a UserWarning"]
