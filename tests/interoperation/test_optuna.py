"""An optuna study on the CRPS."""

import numpy as np
import optuna
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from uncertainty.metrics import neg_crps_scorer


def test_a_study_on_the_crps_finds_the_better_setting(made, network):
    def crps(trial):
        model = clone(network).set_params(head__variance=trial.suggest_categorical("variance", ["constant", "learned"]))
        return -cross_val_score(model, *made, cv=2, scoring=neg_crps_scorer).mean()

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.GridSampler({"variance": ["constant", "learned"]}, seed=0))
    study.optimize(crps, n_trials=2)
    values = {trial.params["variance"]: trial.value for trial in study.trials}
    assert study.best_params == {"variance": "learned"}
    assert values["learned"] < 0.97 * values["constant"]
    best = clone(network).set_params(**{f"head__{name}": value for name, value in study.best_params.items()})
    np.testing.assert_allclose(study.best_value, -cross_val_score(best, *made, cv=2, scoring=neg_crps_scorer).mean())
