"""Pre-training on 100 labelled digits: it optimizes in sigmoid networks and regularizes in tanh ones."""

import numpy as np
import style
from sklearn.datasets import load_digits

from uncertainty import Autoencoder, DeepEnsembleClassifier, ProbabilisticMLPClassifier

N_EPOCHS = 100
VARIANTS = {
    "none": (None, 0),
    "on the 100 labelled rows": (Autoencoder(n_epochs=20), 0),
    "and on 1200 without labels": (Autoencoder(n_epochs=20), 1200),
}
X, y = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(X))
labelled, unlabelled, test = order[:100], order[100:1300], order[1300:]


def curves(activation, pretraining, n_unlabelled):
    """Training and test NLL after each epoch of five layers of 20 units, mean of two networks."""
    network = ProbabilisticMLPClassifier(
        (20,) * 5,
        activation,
        pretraining=pretraining,
        max_iter=N_EPOCHS,
        n_iter_no_change=N_EPOCHS,
        batch_size=32,
        alpha=0.0,
    )
    more = {"X_unlabeled": X[unlabelled[:n_unlabelled]]} if n_unlabelled else {}
    model = DeepEnsembleClassifier(network, 2, random_state=0)
    model.fit(X[labelled], y[labelled], X_val=X[test], y_val=y[test], **more)
    return np.array(model.loss_curve_), np.array(model.validation_curve_)


figure, (left, right) = style.panels(1, 2, 3.2)
for (name, options), (colour, dashes) in zip(VARIANTS.items(), style.LINES, strict=False):
    train, _ = curves("sigmoid", *options)
    left.plot(np.arange(1, N_EPOCHS + 1), train, dashes, color=colour, label=name)
    train, held_out = curves("tanh", *options)
    right.plot(train, held_out, dashes, color=colour, label=name)
    first = np.flatnonzero(train < 0.2)[0]
    print(f"{name}: tanh test NLL {held_out[first]:.2f} where the training NLL falls below 0.2")
left.axhline(np.log(10), color=style.GREY, linewidth=0.8)
left.annotate("the marginal", (N_EPOCHS, np.log(10)), ha="right", va="bottom", color=style.BLACK)
left.set(title="sigmoid: it trains at all", xlabel="epoch", ylabel="training NLL [nats a row]", ylim=(0.0, 2.7))
left.legend(loc="lower left")
right.set(
    title="tanh: better at equal training loss", xlabel="training NLL [nats a row]", ylabel="test NLL [nats a row]"
)
right.set(xlim=(2.4, 0.0), ylim=(0.4, 2.4))  # training goes from left to right
right.legend(title="pre-training")
style.save(figure, __file__)
