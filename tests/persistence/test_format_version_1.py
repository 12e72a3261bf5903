"""Files that an earlier version wrote: they load, and predict what they did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import uncertainty

from .damage import document_of
from .fixtures.make import models, predictions, table

FOLDER = Path(__file__).parent / "fixtures" / "version_1"
FILES = sorted(FOLDER.glob("*.uq"))
# Parameters that estimators have got since, which files of this version do not have, and their defaults.
LATER_PARAMETERS = {"max_time": None}
# Other processors add in another order.
TOLERANCE = 1e-9


def test_all_files_are_there():
    assert [path.stem for path in FILES] == sorted(name for name, _, _ in models())
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 400_000


@pytest.mark.filterwarnings("ignore:.*infinite intervals")
@pytest.mark.filterwarnings("ignore:Every class is in every set")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_predictions_are_those_of_the_version_that_wrote_it(path):
    assert document_of(path.read_bytes())["format_version"] == 1
    model = uncertainty.load(path)
    with np.load(path.with_suffix(".npz")) as stored:
        X, expected = stored["X"], {name: stored[name] for name in stored.files if name != "X"}
    found = predictions(model, X)
    assert expected.keys() == found.keys()
    for name, values in expected.items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(found[name], values, rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)
        else:
            np.testing.assert_array_equal(found[name], values, err_msg=name)


def test_a_fit_goes_on_from_such_a_file():
    X, targets = table()
    model = uncertainty.load(FOLDER / "partly_fitted.uq")
    before = model.predict(X)
    model.partial_fit(X, targets["number"])
    assert model.n_iter_ == 3
    assert not np.array_equal(model.predict(X), before)


def test_they_are_saved_again_as_they_were(tmp_path):
    """Objects and tensors, beside the defaults of later parameters; the versions of the libraries may be others."""
    for path in FILES:
        uncertainty.save(uncertainty.load(path), tmp_path / path.name)
        first, second = (document_of(p.read_bytes()) for p in (path, tmp_path / path.name))
        for described in second["objects"]:
            later = LATER_PARAMETERS.keys() & described["parameters"].keys()
            assert {name: described["parameters"].pop(name) for name in later} == {
                n: LATER_PARAMETERS[n] for n in later
            }
        assert second["objects"] == first["objects"], path.name


def test_a_parameter_that_a_file_does_not_have_takes_its_default():
    before = document_of((FOLDER / "network.uq").read_bytes())["objects"][-1]["parameters"]
    assert LATER_PARAMETERS.keys() & before.keys() == set()
    assert uncertainty.load(FOLDER / "network.uq").get_params()["max_time"] is None
