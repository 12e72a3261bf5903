"""Augmentation against the overconfidence of an overfitted classifier, and gradient descent on whitened inputs."""

import numpy as np
import style

from uncertainty import Augmentation, Gaussian, ProbabilisticMLPClassifier, ProbabilisticMLPRegressor
from uncertainty.metrics import expected_calibration_error

AMOUNTS = {
    "mixup": (0.1, 0.2, 0.4, 1.0),
    "input_noise": (0.1, 0.3, 0.6, 1.0),
    "cutout": (0.1, 0.2, 0.35, 0.5),
}
N_SEEDS = 4


def classes(n_rows, seed):
    """Three classes that overlap: no classifier is certain of them for good reasons."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, 6))
    logits = 1.2 * np.column_stack([X[:, 0], X[:, 1], X[:, 2] - X[:, 0]])
    return X, (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)


def error_and_accuracy(augmentation):
    """Expected calibration error and accuracy on fresh rows, mean over seeds."""
    scores = []
    for seed in range(N_SEEDS):
        model = ProbabilisticMLPClassifier(
            augmentation=augmentation, early_stopping=False, max_iter=60, n_iter_no_change=60, random_state=seed
        ).fit(*classes(200, seed))
        X, y = classes(3000, 100 + seed)
        scores.append((expected_calibration_error(y, model.predict_proba(X)), model.score(X, y)))
    return np.mean(scores, axis=0)


figure, (left, right) = style.panels(1, 2, 3.2)
plain = error_and_accuracy(None)
for (name, amounts), (colour, dashes) in zip(AMOUNTS.items(), style.LINES, strict=False):
    errors = [plain[0]]
    for amount in amounts:
        error, accuracy = error_and_accuracy(Augmentation(**{name: amount}))
        errors.append(error)
        print(f"{name} {amount}: calibration error {error:.3f}, accuracy {accuracy:.3f} (plain {plain[1]:.3f})")
    left.plot((0.0, *amounts), errors, dashes, marker=".", color=colour, label=name)
left.set(xlabel="amount (each in its own unit)", ylabel="expected calibration error [1]", ylim=0.0)
left.set_title("an overfitted classifier on new rows")
left.legend()

rng = np.random.default_rng(0)
common = rng.standard_normal((400, 1))
X = common + 0.1 * rng.standard_normal((400, 6))  # correlations of 0.99
y = X @ np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0]) + 0.05 * rng.standard_normal(400)
VARIANTS = {
    ("auto", "gradient_descent"): 0.03,
    ("whiten", "gradient_descent"): 0.03,
    ("auto", "adam"): 0.01,
    ("whiten", "adam"): 0.01,
}
for ((standardize, optimizer), rate), (colour, dashes) in zip(VARIANTS.items(), style.LINES, strict=False):
    model = ProbabilisticMLPRegressor(
        (),
        head=Gaussian(variance="constant"),
        standardize=standardize,
        optimizer=optimizer,
        learning_rate_init=rate,
        batch_size="full",
        early_stopping=False,
        max_iter=300,
        n_iter_no_change=300,
        random_state=0,
    ).fit(X, y)
    right.plot(model.loss_curve_, dashes, color=colour, label=f'"{standardize}", {optimizer}')
right.set(xlabel="epoch (one step each)", ylabel="training NLL [nats a row]", ylim=(-0.3, 2.4))
right.set_title("a linear model of six inputs with correlations of 0.99")
right.legend(title="standardize, optimizer")
style.save(figure, __file__)
