"""Learning rates of the three variants of a snapshot ensemble, and the epistemic uncertainty that each ends with."""

import numpy as np
import style

from uncertainty import DeepEnsembleRegressor, ProbabilisticMLPRegressor, SnapshotEnsembleRegressor

N_EPOCHS, N_MEMBERS = 500, 5
NETWORK = ProbabilisticMLPRegressor(max_iter=N_EPOCHS, learning_rate_init=1e-2, alpha=1e-3)
VARIANTS = ("cyclic", "no_cycle", "single_cycle")

rng = np.random.default_rng(0)
x = np.concatenate([rng.uniform(-3, -1, 150), rng.uniform(0.5, 2, 150)])
y = np.sin(2 * x) + 0.1 * rng.standard_normal(len(x))
grid = np.linspace(-4.5, 4.5, 200)

figure, (left, right) = style.panels(1, 2, 3.2)
for variant, (colour, dashes) in zip(VARIANTS, style.LINES, strict=False):
    model = SnapshotEnsembleRegressor(NETWORK, N_MEMBERS, variant=variant, random_state=0).fit(x[:, None], y)
    rates = [record["learning_rate"] for record in model.history_]
    epochs = np.arange(1, len(rates) + 1)
    left.plot(epochs, rates, dashes, color=colour, label=f"{variant}, {model.n_iter_} epochs")
    kept = epochs[N_EPOCHS // N_MEMBERS - 1 :: N_EPOCHS // N_MEMBERS]
    left.plot(kept, np.array(rates)[kept - 1], "o", color=colour, clip_on=False)
    spread = np.sqrt(model.predict_uncertainty(grid[:, None]).epistemic_variance)
    right.semilogy(grid, spread, dashes, color=colour, label=variant)
ensemble = DeepEnsembleRegressor(NETWORK, N_MEMBERS, random_state=0).fit(x[:, None], y)
spread = np.sqrt(ensemble.predict_uncertainty(grid[:, None]).epistemic_variance)
right.semilogy(grid, spread, ":", color=style.BLACK, label="deep ensemble")
for start, stop in ((-3, -1), (0.5, 2)):
    right.axvspan(start, stop, color=style.GREY, alpha=0.2, linewidth=0)
left.set(xlabel="epoch", ylabel="learning rate", title="dots: where members are kept", ylim=(0.0, 0.0145))
left.legend()
right.set(xlabel="x (training rows in the shaded ranges)", ylabel="epistemic standard deviation [unit of y]")
right.set(title="what the members disagree about", ylim=(1e-3, 3))
right.legend(ncols=2)
style.save(figure, __file__)
