"""Two hidden layers on MNIST: the loss against epochs with and without normalization.

Reads the folder that UNCERTAINTY_DATA_DIR names (mnist/*.gz); run it with the repository root on PYTHONPATH.
"""

import numpy as np
import style
from sklearn.metrics import log_loss

from benchmarks.images import load_images
from uncertainty import SGD, ProbabilisticMLPClassifier

N_TRAIN, N_TEST, N_EPOCHS = 12_000, 5_000, 15
LABELS = {None: "none", "batch": "batch", "layer": "layer", "group": "group (4 groups of 25)"}

X, y = (part[:N_TRAIN] for part in load_images("mnist"))
X_test, y_test = (part[:N_TEST] for part in load_images("mnist", "t10k"))

figure, axes = style.panels(1, 2, 3.0, sharex=True)
epochs = np.arange(1, N_EPOCHS + 1)
for (normalization, label), (colour, dashes) in zip(LABELS.items(), style.LINES, strict=False):
    model = ProbabilisticMLPClassifier(
        (100, 100),
        "sigmoid",  # as in Ioffe & Szegedy (2015), section 4.1
        normalization=normalization,
        optimizer=SGD(momentum=0.9),
        learning_rate_init=0.01,
        batch_size=60,
        alpha=0.0,
        early_stopping=False,
        random_state=0,
    )
    train, test = [], []
    for _ in epochs:
        model.partial_fit(X, y, classes=np.arange(10))
        train.append(model.loss_curve_[-1])
        test.append(log_loss(y_test, model.predict_proba(X_test)))
    print(f"{label}: train {train[-1]:.4f}, test {test[-1]:.4f}, smallest {min(test):.4f} nats")
    for axis, losses in zip(axes, (train, test), strict=True):
        axis.semilogy(epochs, losses, dashes, color=colour, label=label)
axes[0].set(title=f"training, {N_TRAIN} rows", xlabel="epoch", ylabel="negative log-likelihood (nats a row)")
axes[1].set(title=f"test, {N_TEST} rows", xlabel="epoch")
for axis, ticks in zip(axes, ((0.1, 0.2, 0.5, 1.0, 2.0), (0.3, 0.5, 1.0, 2.0)), strict=True):
    axis.set_yticks(ticks, ticks)
    axis.minorticks_off()
axes[0].legend(title="normalization")
axes[0].set_xticks(epochs[4::5])
style.save(figure, __file__)
