"""Forty layers with and without residual blocks, and the dropout rates that layers of several widths learn."""

import numpy as np
import style

from uncertainty import DeepEnsembleRegressor, Dropout, ProbabilisticMLPRegressor, Residual


def wave(n, noise):
    """Two inputs, and a target of which the noise has this standard deviation."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 2))
    return X, np.sin(2 * X[:, 0]) + 0.5 * X[:, 1] + noise * rng.normal(size=n)


# "auto" is Fixup for rectifiers in residual blocks, and Glorot for tanh with or without.
VARIANTS = {
    "tanh": ("tanh", "auto", None),
    "tanh, residual": ("tanh", "auto", "residual"),
    "relu": ("relu", "auto", None),
    "relu, residual": ("relu", "auto", "residual"),
    "the same, stochastic depth 0.3": ("relu", "auto", Residual(stochastic_depth=0.3)),
    "relu, residual from he_normal": ("relu", "he_normal", "residual"),
}

figure, (depth, rates) = style.panels(1, 2, 3.9)
for (label, (activation, initializer, residual)), (colour, dashes) in zip(VARIANTS.items(), style.LINES, strict=False):
    model = ProbabilisticMLPRegressor(
        (16,) * 40,
        activation,
        initializer=initializer,
        residual=residual,
        batch_size=50,
        max_iter=60,
        n_iter_no_change=60,
        early_stopping=False,
        random_state=0,
    ).fit(*wave(300, 0.1))
    print(f"{label}: {model.loss_curve_[-1]:.2f} nats")
    depth.plot(np.arange(1, 61), model.loss_curve_, dashes, color=colour, label=label)
depth.set(title="40 hidden layers of 16 units", xlabel="epoch", ylabel="training NLL (nats a row)")
depth.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2, columnspacing=1.0)

widths = (8, 16, 32, 64, 128, 256, 512)
for n, (colour, dashes) in zip((100, 400), style.LINES, strict=False):
    learned = []
    for width in widths:
        network = ProbabilisticMLPRegressor(
            (width,), dropout=Dropout(0.2, kind="concrete"), max_iter=2000 * 32 // n, early_stopping=False, tol=0.0
        )
        model = DeepEnsembleRegressor(network, n_estimators=5, random_state=0).fit(*wave(n, 0.5))
        learned.append(model.dropout_rates_[:, 0])
    mean, spread = np.mean(learned, axis=1), np.std(learned, axis=1)
    print(n, mean.round(3), spread.round(3))
    rates.errorbar(widths, mean, spread, color=colour, linestyle=dashes, marker=".", capsize=2, label=f"{n} rows")
rates.set(title="concrete dropout, one hidden layer", xlabel="units", ylabel="learned dropout rate", xscale="log")
rates.set_xticks(widths, widths)
rates.minorticks_off()
rates.legend()
style.save(figure, __file__)
