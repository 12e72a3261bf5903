"""The base networks: one probabilistic MLP, whose parameters every method shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from uncertainty.components.activation import ActivationSpec
from uncertainty.components.dropout import Dropout
from uncertainty.components.initializers import Initializer
from uncertainty.components.normalization import Normalization
from uncertainty.components.residual import Residual
from uncertainty.estimators.classifier import ProbabilisticClassifier
from uncertainty.estimators.method import Method
from uncertainty.estimators.piecewise_linear import PiecewiseLinear
from uncertainty.estimators.regressor import ProbabilisticRegressor
from uncertainty.heads.base import HeadSpec
from uncertainty.optim.averaging import Averaging
from uncertainty.optim.base import OptimizerSpec
from uncertainty.optim.schedules import Schedule
from uncertainty.training import Augmentation, Autoencoder


class NetworkParameters:
    """The parameters of the base network, which the regressor and the classifier list in their docstrings."""

    class_weight: Any = None

    def __init__(
        self,
        hidden_layer_sizes: int | tuple[int, ...] = (64, 64, 64),
        activation: str | ActivationSpec = "silu",
        *,
        head: str | HeadSpec = "auto",
        initializer: str | Initializer = "auto",
        normalization: str | Normalization | None = None,
        dropout: float | Dropout | None = None,
        residual: str | Residual | None = None,
        optimizer: str | OptimizerSpec = "adamw",
        schedule: str | Schedule | Callable[[int], float] = "cosine",
        augmentation: Augmentation | None = None,
        averaging: str | Averaging | None = "ema",
        pretraining: str | Autoencoder | None = None,
        alpha: float = 1e-4,
        l1_ratio: float = 0.0,
        batch_size: int | str = "auto",
        learning_rate_init: float = 1e-2,
        max_iter: int | str = "auto",
        tol: float = 1e-4,
        n_iter_no_change: int | str | None = "auto",
        early_stopping: bool = True,
        validation_fraction: float = 0.1,
        standardize: bool | str = "auto",
        embedding: str | PiecewiseLinear | None = "auto",
        device: str = "auto",
        dtype: str = "float32",
        warm_start: bool = False,
        verbose: int = 0,
        max_time: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.head = head
        self.initializer = initializer
        self.normalization = normalization
        self.dropout = dropout
        self.residual = residual
        self.optimizer = optimizer
        self.schedule = schedule
        self.augmentation = augmentation
        self.averaging = averaging
        self.pretraining = pretraining
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.standardize = standardize
        self.embedding = embedding
        self.device = device
        self.dtype = dtype
        self.warm_start = warm_start
        self.verbose = verbose
        self.max_time = max_time
        self.random_state = random_state

    def _network(self) -> NetworkParameters:
        return self

    def _method(self) -> Method:
        return Method()


class ProbabilisticMLPRegressor(NetworkParameters, ProbabilisticRegressor):
    """A multi-layer perceptron that predicts a distribution, trained by negative log-likelihood.

    A single network knows the noise in the data (aleatoric variance) but not its own ignorance: its epistemic
    variance is 0. Wrap it in `DeepEnsembleRegressor`, `MCDropoutRegressor` or `SnapshotEnsembleRegressor` for that.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int, default (64, 64, 64)
        Widths of the hidden layers; `()` with a Gaussian head is linear regression.
    activation : str or a spec such as `LeakyReLU(slope=0.1)`, default "silu"
        Of the hidden layers: "identity", "sigmoid", "tanh", "relu", "leaky_relu", "prelu" (learned slopes), "rrelu"
        (random slopes), "elu", "selu", "gelu", "silu", "mish", "softplus", "maxout", or the piecewise linear
        "hard_sigmoid", "hard_tanh" and "hard_silu".
    head : "auto", "gaussian", "mixture_density", or a spec such as `MixtureDensity(n_components=3)`
        Distribution of the target. "auto" is a mixture of three normal components, for noise with heavy tails, skew or
        several modes. Where a Gaussian head gives the mean up as noise, `Gaussian(beta=0.5)` or
        `Gaussian(mean_warmup=50)` may find it; losses are reported as plain NLL all the same.
    initializer : "auto", a short name, or a spec
        "auto" is He for rectifiers, LeCun for "selu" and "maxout", Glorot for "tanh", "sigmoid" and "identity", and
        Fixup instead of the first two in residual blocks without normalization. Others are "random_walk",
        "orthogonal", and "lsuv" and "data_dependent", which measure up to 256 training rows of each member. The output
        layer starts at the best constant prediction.
    normalization : None, "batch", "layer", "group", or a spec such as `GroupNorm(n_groups=8)`
        Before each activation: over the rows of a batch, or over the units (or groups of units) of each row. The
        running statistics of "batch", for prediction, are exponential moving averages with a `momentum`.
    dropout : None, a rate, or `Dropout(rate, input_rate, kind)`
        Of hidden units in training; a tuple of rates is one for each hidden layer. The spec drops inputs, weights
        (DropConnect), or at a rate that is learned (concrete dropout), too.
    residual : None, "residual", or `Residual(stochastic_depth)`
        Identity shortcuts around pairs of hidden layers of equal width.
    optimizer : "adamw", "adam", "nadam", "rmsprop", "adagrad", "adadelta", "sgd", "gradient_descent", or a spec such \
as `Adam(amsgrad=True, max_norm=3)`
        Each has `weight_decay`, `clip_norm` and `max_norm` (of the weights that come into one hidden unit). "adadelta"
        wants `learning_rate_init=1`. Another one than in the last call of `partial_fit` begins afresh.
    schedule : "cosine", "constant", "step", "exponential", "inverse_scaling", "time_decay", "cosine_restarts", \
"cyclical", "one_cycle", "linear_warmup", "plateau", a spec, or any function step -> factor
        Factor of the learning rate, stepped per batch; steps are counted from 0. "plateau" follows each member's own
        loss instead.
    augmentation : None or `Augmentation(mixup, input_noise, target_noise, cutout)`
        Changes made to the training rows, drawn anew in each epoch; held-out rows stay as they are. An integer row
        weight is then a repetition on average only.
    averaging : "ema", "swa", None, or a spec such as `EMA(decay=0.999)`
        Predict with a running average of the weights: of all steps with fading weight, or of the last epochs. The
        validation loss, best weights and snapshots are those of the average. `warm_start` goes on from the averaged
        weights with a new average; `partial_fit` goes on from the weights themselves and continues the average.
    pretraining : None, "autoencoder", or a spec such as `Autoencoder(n_epochs=50, corruption=0.2)`
        Each hidden layer first learns to reconstruct what it reads, from the training rows and `X_unlabeled` of `fit`.
        Only fresh weights are pre-trained: in `partial_fit` on the rows of the first call, and not in a warm start.
    alpha : float, default 1e-4
        Strength of the penalty ``alpha ((1 - l1_ratio) / 2 |w|^2 + l1_ratio |w|_1)`` beside the mean loss, as in
        scikit-learn's SGDRegressor (its MLP divides alpha by the number of rows).
    l1_ratio : float in [0, 1], default 0
        Share of L1 in the penalty. With it weights become exactly zero. For the zeros to tell useful
        inputs from useless ones batches should be large: the noise of small ones lifts weights off zero again. An
        exponential average of weights (`averaging="ema"`) keeps hardly any zero.
    batch_size : "auto", "full" or int
        Rows of a step: "full" is full-batch descent, 1 a single sample. "auto" grows from 32 to 256 rows with the
        training rows.
    learning_rate_init : float, default 1e-2
    max_iter : "auto" or int
        Largest number of epochs, which the schedule spans. "auto" is as many as make about 12000 steps, but from 30 to
        400.
    tol : float, default 1e-4
        Improvement in nats that counts.
    n_iter_no_change : "auto", int or None
        Epochs without an improvement after which a member stops. "auto" is half of all epochs: the small steps at the
        end of the schedule are often the best ones. None never stops.
    early_stopping : bool, default True
        Watch the validation loss and restore each member's best weights. False watches the training loss and keeps
        the last ones.
    validation_fraction : float, default 0.1
        Share of rows held out for early stopping, rounded up; drawn anew for each member.
    standardize : "auto", "whiten", True or False
        Standardise X and y inside (weighted), with values of X beyond the training range damped logarithmically.
        "auto" is True. "whiten" also takes the correlations out of X, by the smallest change that does (ZCA): for
        strongly correlated columns and simple optimizers. It reads a D x D covariance, and damps rows that lie
        outside the training rows' cloud.
    embedding : "auto", None, "piecewise_linear", or a spec such as `PiecewiseLinear(n_bins=16)`
        Inputs added to the standardised columns: where a value lies within each bin between quantiles of its column,
        at a fifth of the size, for targets that step or bend sharply. At most 256 of them, and none for columns of
        two values. "auto" is "piecewise_linear" in networks with hidden layers whose X is standardised, else None.
    device : "auto", "cpu" or "cuda"
        Of training; "auto" takes a GPU, where there is one, for large steps.
    dtype : "float32" or "float64"
        Of training; predictions are always float64.
    warm_start : bool, default False
        Start from the weights of the last fit, with its scaling.
    verbose : 0, 1, 2 or bool, default 0
        What `fit` prints: nothing; about ten lines with the losses, the members still training, and the time so far
        and left; or a line an epoch. True is 1.
    max_time : float or None, default None
        Seconds that `fit` may take. Training ends with the epoch in which they are over, the first one at the earliest,
        with a ConvergenceWarning: the best weights so far are kept, the schedule is cut short, and the outcome depends
        on the speed of the machine.
    random_state : int, RandomState or None
        The same number gives the same model. Global random state is never touched.

    Attributes
    ----------
    n_features_in_, feature_names_in_ : as in scikit-learn
    n_outputs_ : int
    n_iter_ : int, epochs run
    best_iter_ : int, epoch of the weights in use; 0 are the initial ones
    best_loss_ : float, smallest monitored NLL: of the validation rows, or of the training rows without early stopping
    loss_curve_, validation_curve_ : mean NLL of each epoch over the members still training, in nats per unit of the
        standardised target
    history_ : list of dict, one an epoch
    dropout_rates_ : (L,) or (M, L), rates of the L hidden layers, of each network where there are several; learned ones
        with `Dropout(kind="concrete")`
    head_, members_ : the fitted head and weights

    References
    ----------
    Nix & Weigend (1994); Bishop (1994); Lakshminarayanan et al. (2017), section 2.2.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from uncertainty import ProbabilisticMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ProbabilisticMLPRegressor(random_state=0).fit(X, y)
    >>> model.predict_interval(X[:3], coverage=0.9).shape
    (3, 2)
    """


class ProbabilisticMLPClassifier(NetworkParameters, ProbabilisticClassifier):
    """A multi-layer perceptron that predicts class probabilities, trained by negative log-likelihood.

    A single network knows how mixed the classes are (aleatoric) but not its own ignorance: its mutual information is
    0. Wrap it in `DeepEnsembleClassifier`, `MCDropoutClassifier` or `SnapshotEnsembleClassifier` for that.

    Parameters
    ----------
    head : "auto", "bernoulli", "categorical", or a spec
        "auto" is Bernoulli for two classes and for multi-label targets, Categorical otherwise. Both smooth labels:
        `Categorical(label_smoothing=0.1)`.
    class_weight : None, "balanced" or dict
        Multiplies the row weights, as in scikit-learn. It shifts probabilities away from the data's frequencies: a
        model fitted with it is no longer calibrated to them.
    hidden_layer_sizes, activation, initializer, normalization, dropout, residual, optimizer, schedule, augmentation, \
averaging, pretraining, alpha, l1_ratio, batch_size, learning_rate_init, max_iter, tol, n_iter_no_change, \
early_stopping, validation_fraction, standardize, embedding, device, dtype, warm_start, verbose, max_time, random_state
        As in `ProbabilisticMLPRegressor`; validation rows are drawn in proportion to the classes, and there is no
        target to standardise, or to add noise to.

    Attributes
    ----------
    classes_ : (C,) labels in sorted order; `range(T)` for multi-label data
    n_features_in_, feature_names_in_, n_iter_, best_iter_, loss_curve_, validation_curve_, history_, dropout_rates_, \
head_, members_
        As in `ProbabilisticMLPRegressor`; losses are in nats.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from uncertainty import ProbabilisticMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ProbabilisticMLPClassifier(random_state=0).fit(X, y)
    >>> model.predict_proba(X[:2]).shape
    (2, 3)
    """

    def __init__(
        self,
        hidden_layer_sizes: int | tuple[int, ...] = (64, 64, 64),
        activation: str | ActivationSpec = "silu",
        *,
        head: str | HeadSpec = "auto",
        class_weight: Any = None,
        initializer: str | Initializer = "auto",
        normalization: str | Normalization | None = None,
        dropout: float | Dropout | None = None,
        residual: str | Residual | None = None,
        optimizer: str | OptimizerSpec = "adamw",
        schedule: str | Schedule | Callable[[int], float] = "cosine",
        augmentation: Augmentation | None = None,
        averaging: str | Averaging | None = "ema",
        pretraining: str | Autoencoder | None = None,
        alpha: float = 1e-4,
        l1_ratio: float = 0.0,
        batch_size: int | str = "auto",
        learning_rate_init: float = 1e-2,
        max_iter: int | str = "auto",
        tol: float = 1e-4,
        n_iter_no_change: int | str | None = "auto",
        early_stopping: bool = True,
        validation_fraction: float = 0.1,
        standardize: bool | str = "auto",
        embedding: str | PiecewiseLinear | None = "auto",
        device: str = "auto",
        dtype: str = "float32",
        warm_start: bool = False,
        verbose: int = 0,
        max_time: float | None = None,
        random_state: Any = None,
    ) -> None:
        parameters = dict(locals())
        for name in ("self", "class_weight", "__class__"):
            parameters.pop(name, None)
        NetworkParameters.__init__(self, **parameters)
        self.class_weight = class_weight
