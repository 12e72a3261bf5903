"""Traces of the schedules: the factor of the learning rate at every step of a fit."""

import numpy as np
import style

from uncertainty import (
    Cosine,
    CosineRestarts,
    Cyclical,
    ExponentialDecay,
    InverseScaling,
    LinearWarmup,
    OneCycle,
    ProbabilisticMLPRegressor,
    ReduceOnPlateau,
    StepDecay,
    TimeDecay,
)

N_EPOCHS, STEPS_PER_EPOCH = 100, 20
FALLING = {
    "step": StepDecay(25),
    "exponential(0.97)": ExponentialDecay(0.97),
    "inverse_scaling": InverseScaling(),
    "time_decay": TimeDecay(),
    "cosine": Cosine(),
}
TRIANGLES = {
    "triangular": Cyclical(step_size=10),
    "triangular2": Cyclical("triangular2", step_size=10),
    "exp_range": Cyclical("exp_range", step_size=10),
}
RESTARTS = {
    "cosine_restarts(10, 2)": CosineRestarts(10, 2.0),
    "the same, max_decay 0.7": CosineRestarts(10, 2.0, max_decay=0.7),
}
ONCE = {
    "one_cycle": OneCycle(),
    "one_cycle, three phases": OneCycle(three_phases=True, shape="linear"),
    "linear_warmup, cosine": LinearWarmup(10, Cosine()),
}


def plateau():
    """The factor in each epoch of a fit that the schedule watches."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = np.sin(2 * X[:, 0]) + 0.3 * rng.normal(size=300)
    schedule = ReduceOnPlateau(factor=0.5, patience=5)
    model = ProbabilisticMLPRegressor(
        schedule=schedule, max_iter=N_EPOCHS, n_iter_no_change=N_EPOCHS, random_state=0
    ).fit(X, y)
    return [record["learning_rate"] / model.learning_rate_init for record in model.history_]


figure, axes = style.panels(2, 2, 4.8, sharex=True, sharey=True)
steps = np.arange(N_EPOCHS * STEPS_PER_EPOCH)
titles = ("falling", "triangles (cyclical)", "warm restarts, and following the loss", "up and down once")
for axis, title, schedules in zip(axes.flat, titles, (FALLING, TRIANGLES, RESTARTS, ONCE), strict=True):
    for (label, schedule), (colour, dashes) in zip(schedules.items(), style.LINES, strict=False):
        factor = schedule.build(N_EPOCHS, STEPS_PER_EPOCH)
        axis.plot(steps / STEPS_PER_EPOCH, [factor(step) for step in steps], dashes, color=colour, label=label)
    axis.set(title=title, ylim=(0.0, 1.35))
trace = plateau()
axes[1, 0].step(np.arange(len(trace)), trace, "-.", where="post", color=style.GREEN, label="plateau, in a fit")
for axis in axes.flat:
    axis.legend(loc="upper right", ncols=2)
for axis in axes[1]:
    axis.set(xlabel="epoch")
for axis in axes[:, 0]:
    axis.set(ylabel="factor of the rate")
style.save(figure, __file__)
