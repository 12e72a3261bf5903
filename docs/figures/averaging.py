"""The loss of the weights themselves along a run at a high rate, beside that of their averages."""

import numpy as np
import style

from uncertainty import EMA, SWA, ProbabilisticMLPRegressor

AVERAGES = {"none": None, "EMA(0.9)": EMA(0.9), "EMA(0.999)": EMA(0.999), "SWA(0.25)": SWA(0.25)}
N_EPOCHS = 40


def noisy_wave(n_rows, seed):
    """Half of the standard deviation of y is noise that no input explains."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2, 2, (n_rows, 4))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.5 * rng.standard_normal(n_rows)


figure, axes = style.panels(1, 2, 3.2, sharey=True)
X, y = noisy_wave(1000, 0)
X_test, y_test = noisy_wave(4000, 1)
for axis, rate in zip(axes, (0.02, 0.003), strict=True):
    for (name, averaging), (colour, dashes) in zip(AVERAGES.items(), style.LINES, strict=False):
        model = ProbabilisticMLPRegressor(
            averaging=averaging,
            learning_rate_init=rate,
            max_iter=N_EPOCHS,
            n_iter_no_change=N_EPOCHS,
            random_state=0,
        ).fit(X, y, X_val=X_test, y_val=y_test)
        axis.plot(np.arange(1, N_EPOCHS + 1), model.validation_curve_, dashes, color=colour, label=name)
        print(f"rate {rate}, {name}: best {model.best_loss_:.3f}, last {model.validation_curve_[-1]:.3f}")
    axis.set(xlabel="epoch (32 steps each)", title=f"learning_rate_init = {rate}")
axes[0].set(ylabel="NLL of new rows [nats a row]", ylim=(0.3, 1.4))
axes[0].legend(title="averaging")
style.save(figure, __file__)
