"""The training loss of every optimizer on one table, each at a rate that suits it."""

import numpy as np
import style
from sklearn.datasets import make_friedman1

from uncertainty import SGD, ProbabilisticMLPRegressor

N_EPOCHS = 30
X, y = make_friedman1(n_samples=2000, noise=1.0, random_state=0)
FLOOR = 0.5 * np.log(2 * np.pi * np.e) - np.log(y.std())  # of the noise, per unit of the standardised target

ONE_RATE = [
    ("gradient_descent", "gradient_descent", 0.1),
    ("gradient_descent", "gradient_descent", 0.01),
    ("sgd", "sgd", 0.01),
    ('sgd, "average"', SGD(momentum_form="average"), 0.1),
    ('sgd, "average", corrected', SGD(momentum_form="average", bias_correction=True), 0.1),
]
RATE_FOR_EACH = [
    ("adagrad", "adagrad", 0.03),
    ("rmsprop", "rmsprop", 3e-3),
    ("adadelta", "adadelta", 1.0),
    ("adadelta", "adadelta", 3e-3),
    ("adam", "adam", 3e-3),
    ("nadam", "nadam", 3e-3),
]

figure, axes = style.panels(1, 2, 3.4, sharey=True)
titles = ("one rate for all weights", "a rate for each weight")
epochs = np.arange(1, N_EPOCHS + 1)
for axis, title, optimizers in zip(axes, titles, (ONE_RATE, RATE_FOR_EACH), strict=True):
    for (label, optimizer, rate), (colour, dashes) in zip(optimizers, style.LINES, strict=False):
        model = ProbabilisticMLPRegressor(
            optimizer=optimizer,
            learning_rate_init=rate,
            batch_size=50,
            max_iter=N_EPOCHS,
            early_stopping=False,
            random_state=0,
        ).fit(X, y)
        print(f"{label}, {rate:g}: {model.loss_curve_[-1]:.3f} nats")
        axis.plot(epochs, model.loss_curve_, dashes, color=colour, label=f"{label} ({rate:g})")
    axis.axhline(FLOOR, color=style.GREY, linewidth=0.8)
    axis.annotate("noise of the target", (1, FLOOR), xytext=(0, -3), textcoords="offset points", va="top", fontsize=8)
    axis.set(title=title, xlabel="epoch", ylim=(-0.4, 1.5))
    axis.legend(title="optimizer (learning rate)", alignment="left")
axes[0].set(ylabel="training NLL (nats a row)")
style.save(figure, __file__)
