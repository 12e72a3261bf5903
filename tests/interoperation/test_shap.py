"""shap on the mean and on each part of the variance."""

import warnings

import numpy as np
import pandas as pd
import pytest

PARTS = ("mean", "aleatoric_variance", "epistemic_variance", "total_variance")


@pytest.fixture(scope="module")
def shap():
    with warnings.catch_warnings(action="ignore"):  # of matplotlib, at its import
        import shap
    return shap


@pytest.fixture(scope="module")
def explained(shap, made, fitted):
    X = made[0]

    def parts(rows):  # shap hands over arrays
        return fitted.predict_uncertainty(pd.DataFrame(rows, columns=X.columns), as_frame=True)[[*PARTS]].to_numpy()

    explainer = shap.KernelExplainer(parts, X[:20].to_numpy())  # all subsets of three columns: exact
    return explainer(X[300:320].to_numpy(), silent=True), parts(X[300:320]), parts(X[:20])


def test_the_values_add_up_to_every_prediction(explained):
    explanation, predicted, background = explained
    np.testing.assert_allclose(explanation.base_values + explanation.values.sum(axis=1), predicted)
    np.testing.assert_allclose(explanation.base_values[0], background.mean(axis=0))


def test_the_values_of_the_parts_add_up_to_those_of_the_total(explained):
    values = dict(zip(PARTS, np.moveaxis(explained[0].values, -1, 0), strict=True))
    np.testing.assert_allclose(
        values["aleatoric_variance"] + values["epistemic_variance"], values["total_variance"], atol=1e-12
    )


def test_each_part_is_explained_by_its_own_column(explained):
    size = dict(zip(PARTS, np.abs(explained[0].values).mean(axis=0).T, strict=True))  # of wave, noise, nothing
    assert size["mean"].argmax() == 0
    assert size["aleatoric_variance"].argmax() == 1
    assert size["mean"][0] > 5 * size["mean"][1]
    assert size["aleatoric_variance"][1] > 3 * size["aleatoric_variance"][0]
