"""What the heads' training losses are for: a mean that the NLL gives up as noise, and labels that are too certain."""

import numpy as np
import style
from sklearn.metrics import log_loss

from uncertainty import Categorical, DeepEnsembleRegressor, Gaussian, ProbabilisticMLPClassifier
from uncertainty import ProbabilisticMLPRegressor as Network
from uncertainty.metrics import expected_calibration_error

HEADS = {
    "NLL": Gaussian(),
    "beta = 0.5": Gaussian(beta=0.5),
    "mean warm-up, 75 epochs": Gaussian(mean_warmup=75),
}
SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4)


def wave(n_rows):
    """A target that is zero in most places and a wave where the first input is above 0.5."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (n_rows, 2))
    truth = np.where(X[:, 0] > 0.5, 2 * np.sin(4 * X[:, 1]), 0.0)
    return X, truth, truth + 0.01 * rng.standard_normal(n_rows)


def classes(n_rows, seed):
    """Three classes that overlap: no classifier is certain of them for good reasons."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, 6))
    logits = 1.2 * np.column_stack([X[:, 0], X[:, 1], X[:, 2] - X[:, 0]])
    return X, (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)


figure, (left, right) = style.panels(1, 2, 3.2)
X, truth, y = wave(400)
inside = X[:, 0] > 0.5
line = np.column_stack([np.full(200, 0.75), np.linspace(-1, 1, 200)])
left.plot(X[inside, 1], y[inside], ".", color=style.GREY, markersize=3, label="training rows")
for (name, head), (colour, dashes) in zip(HEADS.items(), style.LINES, strict=False):
    model = DeepEnsembleRegressor(Network(head=head), random_state=0).fit(X, y)
    error = np.sqrt(np.mean((model.predict(X) - truth) ** 2))
    left.plot(line[:, 1], model.predict(line), dashes, color=colour, label=f"{name}: RMSE {error:.2f}")
left.set(xlabel="second input, with the first at 0.75", ylabel="predicted mean", title="a mean given up as noise")
left.set_ylim(-2.4, 4.6)
left.set_xticks(np.linspace(-1, 1, 5))
left.legend(ncols=1, loc="upper left")

scores = []
for share in SHARES:
    for seed in range(4):
        network = ProbabilisticMLPClassifier(
            head=Categorical(label_smoothing=share), early_stopping=False, max_iter=60, random_state=seed
        )
        network.fit(*classes(200, seed))
        X_test, y_test = classes(3000, 100 + seed)
        proba = network.predict_proba(X_test)
        error = expected_calibration_error(y_test, proba)
        scores.append((error, log_loss(y_test, proba), network.score(X_test, y_test)))
scores = np.reshape(scores, (len(SHARES), 4, 3)).mean(axis=1).T
names = ("expected calibration error [1]", "NLL [nats a row]", "accuracy [1]")
for name, score, (colour, dashes) in zip(names, scores, style.LINES, strict=False):
    right.plot(SHARES, score, dashes, marker=".", color=colour, label=name)
right.set(xlabel="label_smoothing", title="an overfitted classifier on new rows", ylim=0.0)
right.legend()
style.save(figure, __file__)
