"""The file itself: what it takes and says, how it is written, and what is refused."""

from __future__ import annotations

import builtins
import copy
import dataclasses
import json

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from scipy.special import ndtr
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from uncertainty import (
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    MCDropoutRegressor,
    RecalibratedClassifier,
    RecalibratedRegressor,
    export_onnx,
)
from uncertainty.export import model_bytes
from uncertainty.export.classification import NO_LABEL

COLUMNS = ["normal", "gap", "flag", "scaled", "constant"]


@pytest.fixture(scope="module")
def ensemble(regressor, table, shake):
    """Three members that differ, of named columns."""
    X = pd.DataFrame(table[0], columns=COLUMNS)
    return shake(DeepEnsembleRegressor(regressor(), 3, random_state=0).fit(X, table[1]))


@pytest.fixture(scope="module")
def classes(classifier, table, targets, shake):
    """Three members for three classes that are text."""
    return shake(DeepEnsembleClassifier(classifier(), 3, random_state=0).fit(table[0], targets["multiclass"]))


@pytest.fixture(scope="module")
def file(ensemble, tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "ensemble.onnx"
    export_onnx(ensemble, path)
    return path


# -- rows --------------------------------------------------------------------------------------------------------------


def test_rows_do_not_depend_on_their_batch_or_on_threads(file, new_rows, run_file):
    X = np.tile(new_rows, (16, 1))[:1000]
    thousand, two_threads = run_file(file, X), run_file(file, X, n_threads=2)
    for name, values in run_file(file, X[:1]).items():
        np.testing.assert_allclose(values, thousand[name][:1], rtol=1e-10)
        np.testing.assert_allclose(two_threads[name], thousand[name], rtol=1e-10)
        assert len(thousand[name]) == 1000
    assert all(len(values) == 0 for values in run_file(file, X[:0]).values())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_row_with_missing_values_gives_nan_and_leaves_others_alone(
    regressor, classes, table, new_rows, run_file, tmp_path, value
):
    # Of which tanh would make a number again.
    as_they_are = regressor(standardize=False, activation="tanh").fit(*table)
    X = new_rows[:5].copy()
    X[1, 2] = value
    for model in (as_they_are, classes):
        export_onnx(model, tmp_path / "model.onnx", overwrite=True)
        found, whole = run_file(tmp_path / "model.onnx", X), run_file(tmp_path / "model.onnx", new_rows[:5])
        label, others = found.pop("label", None), [0, 2, 3, 4]
        assert all(np.isnan(values[1]).all() for values in found.values())
        assert all((values[others] == whole[name][others]).all() for name, values in found.items())
    assert label[1] == ""
    assert (label[others] == whole["label"][others]).all()


def test_inputs_in_single_precision_are_those_numbers(ensemble, table, run_file, tmp_path):
    X = table[0].astype(np.float32)
    export_onnx(ensemble, tmp_path / "single.onnx", input_dtype="float32")
    expected = ensemble.predict_uncertainty(pd.DataFrame(X, columns=COLUMNS))
    found = run_file(tmp_path / "single.onnx", X)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-9)


# -- outputs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["continuous", "several"])
def test_the_mixture_gives_exact_quantiles(regressor, table, targets, new_rows, check, shake, kind):
    model = DeepEnsembleRegressor(regressor(), 3, random_state=0).fit(table[0], targets[kind])
    found = check(shake(model), new_rows, distribution=True)
    expected = model.predict_dist(new_rows)
    for name in ("weights", "means", "scales"):
        np.testing.assert_allclose(found[name], getattr(expected, name), rtol=1e-9)
    weights = found["weights"] if kind == "continuous" else found["weights"][:, None]
    quantile = model.predict_quantiles(new_rows, [0.9])
    mass = (weights * ndtr((quantile - found["means"]) / found["scales"])).sum(axis=-1)
    np.testing.assert_allclose(mass, 0.9, rtol=1e-9)


@pytest.mark.parametrize("method", ["variance", "temperature"])
def test_a_factor_of_the_widths_is_in_the_file(regressor, table, targets, new_rows, check, shake, method):
    network = DeepEnsembleRegressor(regressor(), 3, random_state=0).fit(table[0], targets["several"])
    model = RecalibratedRegressor(FrozenEstimator(network), method=method).fit(table[0], targets["several"])
    model.factor_ = np.array([0.3, 1.0, 2.5])
    shake(model.estimator_)
    found = check(model, new_rows, distribution=True)
    np.testing.assert_allclose(found["scales"], model.predict_dist(new_rows).scales, rtol=1e-9)
    np.testing.assert_allclose(found["means"], model.predict_dist(new_rows).means, rtol=1e-9)


def test_a_linear_map_of_log_probabilities_is_in_the_file(classes, table, targets, new_rows, check):
    model = RecalibratedClassifier(FrozenEstimator(classes)).fit(table[0], targets["multiclass"])
    model.matrix_ = np.array([[1.5, 0.1, 0.0], [0.2, 1.4, 0.1], [-0.1, 0.3, 1.2]])
    model.intercept_ = np.arange(3.0)
    check(model, new_rows)


def test_several_labels_of_a_row_with_missing_values(classifier, table, targets, check, run_file, tmp_path):
    model = classifier().fit(table[0], targets["multilabel"])
    assert check(model, table[0])["label"].dtype == np.int64
    found = run_file(tmp_path / "model.onnx", np.full((2, 5), np.nan))
    np.testing.assert_array_equal(found["label"], np.full((2, 3), NO_LABEL))


@pytest.mark.parametrize("difference", [0.0, 1e-9])
def test_members_that_agree_know_all(classes, new_rows, run_file, tmp_path, difference):
    model = copy.copy(classes)
    first = classes.members_.values[:1]
    apart = 1.0 + difference * np.arange(3.0)[:, None]
    model.members_ = dataclasses.replace(classes.members_, values=first * apart)
    export_onnx(model, tmp_path / "model.onnx")
    found = run_file(tmp_path / "model.onnx", new_rows)
    for name in ("mutual_information", "epistemic_variance"):
        assert (found[name] >= 0.0).all()
        np.testing.assert_allclose(found[name], 0.0, atol=1e-14 if difference else 0.0)


def test_entropies_of_classes_that_are_almost_certain_keep_their_digits(classifier, table, targets, new_rows, check):
    model = classifier(hidden_layer_sizes=()).fit(table[0], targets["binary"])
    model.members_ = dataclasses.replace(model.members_, values=20.0 * np.ones_like(model.members_.values))
    entropy = check(model, new_rows)["total_entropy"]
    expected = model.predict_uncertainty(new_rows)["total_entropy"]
    certain = (expected > 1e-17) & (expected < 1e-12)
    assert certain.any()
    np.testing.assert_allclose(entropy[certain], expected[certain], rtol=1e-5)


@pytest.mark.parametrize(
    ("labels", "none"),
    [(["b", "a"], ""), ([7, -1], NO_LABEL), ([True, False], NO_LABEL), ([1.0, 3.0], np.nan)],
    ids=["text", "integers", "booleans", "numbers"],
)
def test_labels_are_of_the_type_of_the_classes(classifier, table, targets, check, run_file, tmp_path, labels, none):
    y = np.array(labels)[targets["binary"]]
    found = check(classifier().fit(table[0], y), table[0])
    if y.dtype != bool:  # of which ONNX's outputs are numbers here
        assert found["label"].dtype == (object if none == "" else y.dtype)
    missing = run_file(tmp_path / "model.onnx", np.full((1, 5), np.nan))["label"]
    np.testing.assert_array_equal(missing, np.array([none], dtype=missing.dtype))


def test_classes_of_several_types_are_refused(classifier, table, targets, tmp_path):
    model = classifier().fit(table[0], targets["binary"])
    model.classes_ = np.array([0, "yes"], dtype=object)
    with pytest.raises(TypeError, match="classes must be all text or all numbers"):
        export_onnx(model, tmp_path / "model.onnx")


# -- the file ----------------------------------------------------------------------------------------------------------


def test_the_file_explains_itself(file, ensemble, classes, tmp_path):
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    assert (model.producer_name, model.producer_version) == ("uncertainty", "0.1.0")
    facts = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    assert facts["feature_names"] == COLUMNS
    assert facts["n_members"] == 3
    assert facts["estimator"] == "DeepEnsembleRegressor"
    assert all(name in model.graph.input[0].doc_string for name in COLUMNS)
    outputs = {output.name: output for output in model.graph.output}
    assert "squared units of y" in outputs["epistemic_variance"].doc_string
    assert all(output.doc_string for output in outputs.values())
    export_onnx(classes, tmp_path / "classes.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "classes.onnx")
    assert json.loads(session.get_modelmeta().custom_metadata_map["classes"]) == classes.classes_.tolist()
    shapes = {output.name: output.shape for output in session.get_outputs()}
    assert (shapes["probabilities"], shapes["label"]) == (["N", 3], ["N"])
    assert session.get_inputs()[0].shape == ["N", 5]


def test_one_file_is_written_and_none_replaced_unasked(ensemble, tmp_path):
    path = tmp_path / "model.onnx"
    export_onnx(ensemble, path)
    first = path.read_bytes()
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.onnx"]
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        export_onnx(ensemble, path)
    assert path.read_bytes() == b"mine"
    export_onnx(ensemble, str(path), overwrite=True)
    assert path.read_bytes() == first  # the same model gives the same bytes


def test_masks_do_not_multiply_the_weights(regressor, table, tmp_path):
    sizes = []
    for n in (2, 40):
        network = regressor(hidden_layer_sizes=(32, 32, 32), dropout=0.2)
        export_onnx(MCDropoutRegressor(network, n, random_state=0).fit(*table), tmp_path / f"{n}.onnx")
        sizes.append((tmp_path / f"{n}.onnx").stat().st_size)
    assert sizes[1] - sizes[0] < 38 * 4 * 32 * 8  # masks of a few layers, in double precision


def test_what_a_file_cannot_hold_is_refused_before_it_is_written(ensemble, tmp_path, monkeypatch):
    monkeypatch.setattr(model_bytes, "MAX_BYTES", 1000)
    with pytest.raises(ValueError, match="at most 2 GiB of weights"):
        export_onnx(ensemble, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_others_are_refused_with_what_to_do(regressor, table, tmp_path):
    pipeline = make_pipeline(StandardScaler(), regressor()).fit(*table)
    path = tmp_path / "model.onnx"
    with pytest.raises(TypeError, match=r"got a Pipeline\. Export its last step.*skl2onnx"):
        export_onnx(pipeline, path)
    export_onnx(pipeline[-1], path)
    with pytest.raises(TypeError, match="got a LinearRegression"):
        export_onnx(LinearRegression(), tmp_path / "other.onnx")
    isotonic = RecalibratedRegressor(regressor(), method="isotonic", cv=2).fit(*table)
    with pytest.raises(TypeError, match="method='isotonic'"):
        export_onnx(isotonic, tmp_path / "other.onnx")


def test_unfitted_models_and_wrong_options_are_refused(regressor, classes, ensemble, tmp_path):
    path = tmp_path / "model.onnx"
    for model in (regressor(), DeepEnsembleRegressor(), RecalibratedRegressor()):
        with pytest.raises(NotFittedError):
            export_onnx(model, path)
    with pytest.raises(ValueError, match="input_dtype must be"):
        export_onnx(ensemble, path, input_dtype="float16")
    with pytest.raises(ValueError, match="distribution must be False for a classifier"):
        export_onnx(classes, path, distribution=True)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_library_is_named(ensemble, tmp_path, monkeypatch):
    found = builtins.__import__

    def without_onnx(name, *args, **kwargs):
        if name.partition(".")[0] == "onnx":
            raise ImportError(name)
        return found(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_onnx)
    with pytest.raises(ImportError, match=r"pip install 'uncertainty\[onnx\]'"):
        export_onnx(ensemble, tmp_path / "model.onnx")
