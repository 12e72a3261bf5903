"""What cannot be stored is refused by name when it is saved, and leaves no file behind."""

from __future__ import annotations

import functools
import os

import numpy as np
import pytest
from sklearn.linear_model import BayesianRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, SplineTransformer

import uncertainty
from uncertainty import Adam, ConformalRegressor, DeepEnsembleRegressor, Gaussian, ProbabilisticMLPRegressor


def halves(step):
    return 0.5**step


class OwnHead(Gaussian):
    pass


class OwnNetwork(ProbabilisticMLPRegressor):
    pass


NOT_STORED = {
    "a function": (
        lambda net: DeepEnsembleRegressor(net(schedule=halves)),
        r"\.estimator\.schedule .*function .*halves",
    ),
    "a lambda": (lambda net: net(schedule=lambda step: 1.0), r"ProbabilisticMLPRegressor\.schedule .*<lambda>"),
    "a partial": (lambda net: net(schedule=functools.partial(halves)), r"\.schedule .*functools\.partial"),
    "a density ratio": (
        lambda net: ConformalRegressor(net(), density_ratio=np.ones_like),
        r"\.density_ratio .*ones_like",
    ),
    "a subclass of an option": (lambda net: net(head=OwnHead()), r"\.head .*OwnHead"),
    "a foreign model": (lambda net: ConformalRegressor(BayesianRidge()), r"\.estimator .*BayesianRidge"),
    "a foreign transformer": (lambda net: make_pipeline(SplineTransformer(), net()), r"steps\[0\]\[1\] .*SplineTransf"),
    "a function in a step": (lambda net: make_pipeline(FunctionTransformer(np.log1p), net()), r"\[1\]\.func .*log1p"),
    "another generator": (
        lambda net: net(random_state=np.random.Generator(np.random.SFC64(0))),
        r"\.random_state .*SFC64",
    ),
    "a date": (lambda net: net(alpha=np.array(["2020-01-01"], dtype="M8[D]")), r"\.alpha .*datetime64"),
    "complex numbers": (lambda net: net(alpha=[1j]), r"\.alpha\[0\] .*complex"),
    "bytes": (lambda net: net(alpha={"a": b""}), r"\.alpha\['a'\] .*bytes"),
    "a key": (lambda net: net(alpha={(1, 2): 0}), r"a key of .*\.alpha .*tuple"),
    "a type": (lambda net: net(alpha=ProbabilisticMLPRegressor), r"\.alpha .*class .*ProbabilisticMLPRegressor"),
    "a masked array": (lambda net: net(alpha=np.ma.masked_array([1.0], [True])), r"\.alpha .*masked"),
    "a very large integer": (lambda net: net(alpha=2**2000), r"\.alpha "),
}


@pytest.mark.parametrize("case", NOT_STORED)
def test_what_is_no_data_is_refused_by_name(case, regressor, tmp_path):
    make, words = NOT_STORED[case]
    with pytest.raises(TypeError, match=words):
        uncertainty.save(make(regressor), tmp_path / "model.uq")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("model", [BayesianRidge(), OwnNetwork(), Adam(), ProbabilisticMLPRegressor, "text"], ids=repr)
def test_what_is_no_model_is_refused(model, tmp_path):
    with pytest.raises(TypeError, match=r"estimator must be an estimator of this package.* got "):
        uncertainty.save(model, tmp_path / "model.uq")
    assert list(tmp_path.iterdir()) == []


def test_what_contains_itself_is_refused(regressor, tmp_path):
    model = DeepEnsembleRegressor(regressor())
    model.estimator.alpha = model
    with pytest.raises(TypeError, match=r"DeepEnsembleRegressor\.estimator\.alpha must not contain itself"):
        uncertainty.save(model, tmp_path / "model.uq")
    loop = []
    loop.append(loop)
    with pytest.raises(TypeError, match="nested less than"):
        uncertainty.save(regressor(alpha=loop), tmp_path / "model.uq")


def test_more_parts_than_are_read_are_refused(regressor, tmp_path):
    with pytest.raises(ValueError, match="must have fewer parts"):
        uncertainty.save(regressor(alpha=[[1]] * 200_000), tmp_path / "model.uq")


def test_a_file_is_not_replaced_unasked(regressor, tmp_path):
    path = tmp_path / "model.uq"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError, match=r"model\.uq.*overwrite=True"):
        uncertainty.save(regressor(), path)
    with pytest.raises(TypeError):
        uncertainty.save(regressor(schedule=halves), path, overwrite=True)
    assert path.read_bytes() == b"precious"
    uncertainty.save(regressor(), path, overwrite=True)
    assert uncertainty.load(path).max_iter == 2


@pytest.mark.parametrize("links", [True, False])
def test_nor_is_one_that_comes_up_meanwhile(links, regressor, tmp_path, monkeypatch):
    path = tmp_path / "model.uq"

    def link(source, target):
        path.write_bytes(b"precious")
        raise FileExistsError if links else OSError

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        uncertainty.save(regressor(), path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.uq"]
    assert path.read_bytes() == b"precious"


def test_a_file_system_without_links(regressor, tmp_path, monkeypatch):
    def link(source, target):
        raise OSError

    monkeypatch.setattr(os, "link", link)
    uncertainty.save(regressor(), tmp_path / "model.uq")
    assert [p.name for p in tmp_path.iterdir()] == ["model.uq"]


def test_a_disk_that_is_full_leaves_nothing(regressor, tmp_path, monkeypatch):
    def fsync(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="No space"):
        uncertainty.save(regressor(), tmp_path / "model.uq")
    assert list(tmp_path.iterdir()) == []


def test_a_file_has_the_usual_permissions(regressor, tmp_path):
    (tmp_path / "other").write_bytes(b"")
    uncertainty.save(regressor(), tmp_path / "model.uq")
    assert (tmp_path / "model.uq").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"must be in a folder that is there.*Make '.*missing' first"):
        uncertainty.save(ProbabilisticMLPRegressor(), tmp_path / "missing" / "model.uq")
