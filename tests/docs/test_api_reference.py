"""The reference has a page for every public name, written from the lists of the package alone."""

import uncertainty
from uncertainty import calibration, diagnostics, metrics, plotting


def test_every_public_name_is_documented_once(api_reference):
    found = [name for room in api_reference.rooms() for name in room.members]
    assert len(found) == len(set(found))
    assert {f"uncertainty.{name}" for name in uncertainty.__all__} <= set(found)
    for room in (calibration, diagnostics, metrics, plotting):
        assert {name.rpartition(".")[2] for name in found} >= set(room.__all__)


def test_a_new_name_appears_by_itself(api_reference, monkeypatch, tmp_path):
    monkeypatch.setattr(metrics, "__all__", [*metrics.__all__, "new_score"])
    monkeypatch.setattr(metrics, "new_score", lambda y_true: 0.0, raising=False)
    (tmp_path / "uncertainty.metrics.gone.rst").write_text("a name that was there before")
    api_reference.write_pages(tmp_path)
    assert (tmp_path / "uncertainty.metrics.new_score.rst").exists()
    assert "uncertainty.metrics.new_score" in (tmp_path / "uncertainty.metrics.rst").read_text()
    assert not (tmp_path / "uncertainty.metrics.gone.rst").exists()


def test_pages_are_only_written_when_they_change(api_reference, tmp_path):
    api_reference.write_pages(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    api_reference.write_pages(tmp_path)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_class_shows_its_own_methods_and_no_plumbing(api_reference):
    page = api_reference.page("uncertainty.DeepEnsembleRegressor")
    assert ".. autoclass:: uncertainty.DeepEnsembleRegressor" in page
    for shown in ("fit", "predict_interval", "predict_uncertainty", "sample_y", "save"):
        assert f"   .. automethod:: {shown}\n" in page
    for hidden in ("get_params", "set_fit_request", "set_predict_request", ":: _"):
        assert hidden not in page
    assert ".. autofunction:: uncertainty.metrics.brier_score" in api_reference.page("uncertainty.metrics.brier_score")
    assert ".. autodata:: " in api_reference.page("uncertainty.SKOPS_TRUSTED_TYPES")
