"""Exact zeros by L1 beside L2, and what holds back the overfitting of one network on a small table."""

import numpy as np
import style
import torch
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from uncertainty import Adam, DeepEnsembleRegressor, ProbabilisticMLPRegressor

ALPHAS = np.geomspace(1e-3, 0.3, 6)
PENALTIES = {"L1 (l1_ratio = 1)": 1.0, "elastic net (0.5)": 0.5, "L2 (0)": 0.0}
REMEDIES = {
    "nothing": {"alpha": 0.0},
    "alpha = 0.03 (L2)": {"alpha": 0.03},
    "weight_decay = 1": {"alpha": 0.0, "optimizer": Adam(weight_decay=1.0)},
    "max_norm = 0.5": {"alpha": 0.0, "optimizer": Adam(max_norm=0.5)},
    "dropout = 0.3": {"alpha": 0.0, "dropout": 0.3},
}


def first_weights(model):
    """Weights [D, H] into the first hidden layer."""
    return model.members_.mlp.layout.views(torch.from_numpy(model.members_.values))["hidden0.weight"][0].numpy()


figure, (left, right) = style.panels(1, 2, 3.3)

rng = np.random.default_rng(0)
X = rng.standard_normal((400, 23))  # the last 20 say nothing about y
y = X[:, 0] - np.sin(2 * X[:, 1]) + X[:, 2] + 0.3 * rng.standard_normal(400)
for (name, l1_ratio), (colour, dashes) in zip(PENALTIES.items(), style.LINES, strict=False):
    shares = []
    for alpha in ALPHAS:
        model = ProbabilisticMLPRegressor(
            (16,),
            alpha=alpha,
            l1_ratio=l1_ratio,
            batch_size="full",
            max_iter=300,
            n_iter_no_change=300,
            early_stopping=False,
            random_state=0,
        ).fit(X, y)
        weights = first_weights(model)
        shares.append(100.0 * (weights == 0).mean())
        used = (weights != 0).any(axis=1)
        print(f"{name}, alpha {alpha:.1e}: {used[:3].sum()} of 3 useful and {used[3:].sum()} of 20 useless inputs used")
    left.semilogx(ALPHAS, shares, dashes, marker=".", color=colour, label=name)
left.set(
    xlabel="alpha", ylabel="weights that are exactly zero [%]", title="first layer, 3 useful and 20 useless inputs"
)
left.legend()

X, y = load_diabetes(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=0)
epochs = np.arange(1, 101)
for (name, options), (colour, dashes) in zip(REMEDIES.items(), style.LINES, strict=False):
    network = ProbabilisticMLPRegressor(max_iter=100, n_iter_no_change=100, **options)
    model = DeepEnsembleRegressor(network, random_state=0)
    model.fit(X_train, y_train, X_val=X_test, y_val=y_test)
    right.plot(epochs, model.validation_curve_, dashes, color=colour, label=name)
    lowest = int(np.argmin(model.validation_curve_))
    at_best, at_end = model.validation_curve_[lowest], model.validation_curve_[-1]
    print(f"{name}: {at_best:.3f} after epoch {lowest + 1}, {at_end:.3f} at the end")
right.set(xlabel="epoch", ylabel="held-out NLL (mean of 5) [nats a row]", title="diabetes, 331 rows", ylim=(1.0, 1.6))
right.legend()
style.save(figure, __file__)
