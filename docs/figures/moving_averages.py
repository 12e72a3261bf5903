"""Moving averages of a loss curve, and how noisy each is beside its effective window."""

import numpy as np
import style
from sklearn.datasets import make_friedman1

from uncertainty import ProbabilisticMLPRegressor
from uncertainty.optim import cumulative_average, effective_window, exponential_average, moving_average
from uncertainty.optim import robbins_monro_step as step

X, y = make_friedman1(n_samples=200, noise=1.0, random_state=0)
model = ProbabilisticMLPRegressor(
    dropout=0.2, batch_size=16, max_iter=150, early_stopping=False, n_iter_no_change=150, random_state=0
).fit(X, y)
losses = np.array(model.loss_curve_)
epochs = np.arange(1, len(losses) + 1)

figure, (curve, noise) = style.panels(1, 2, 3.4)
curve.plot(epochs, losses, color=style.GREY, linewidth=0.8, label="training NLL of each epoch")
AVERAGES = {
    "exponential, 0.9": exponential_average(losses, 0.9),
    "the same, uncorrected": exponential_average(losses, 0.9, bias_correction=False),
    "exponential, 0.98": exponential_average(losses, 0.98),
    "cumulative": cumulative_average(losses),
    "Robbins-Monro, $n^{-0.6}$": moving_average(losses, step(epochs, 0.6)),
}
for (label, average), (colour, dashes) in zip(AVERAGES.items(), style.LINES, strict=False):
    curve.plot(epochs, average, dashes, color=colour, label=label)
curve.set(title="a loss curve", xlabel="epoch", ylabel="nats a row")
curve.legend()

# 2000 series of independent values of standard deviation 1, along the second axis.
values = np.random.default_rng(0).normal(size=(400, 2000))
counts = np.arange(1, len(values) + 1)
for beta, (colour, dashes) in zip((0.8, 0.9, 0.98), style.LINES, strict=False):
    window = effective_window(beta)
    spread = exponential_average(values, beta).std(axis=1)
    noise.loglog(counts, spread, dashes, color=colour, label=f"exponential, {beta}: window {window:.0f}")
    noise.plot(window, window**-0.5, "o", color=colour)
noise.loglog(counts, cumulative_average(values).std(axis=1), ":", color=style.BLACK, label="mean of all: window n")
noise.set(title="averages of white noise", xlabel="values so far, n", ylabel="standard deviation of the average")
noise.set_xticks([1, 10, 100], [1, 10, 100])
noise.set_yticks([0.05, 0.1, 0.2, 0.5, 1.0], [0.05, 0.1, 0.2, 0.5, 1.0])
noise.minorticks_off()
noise.legend()
style.save(figure, __file__)
