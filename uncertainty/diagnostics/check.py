"""The recipe for getting a network to train, run for the person who is stuck."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import product
from math import ceil
from typing import Any

from numpy.typing import ArrayLike
from sklearn.base import clone, is_classifier, is_regressor

from uncertainty.components.spec import check_number
from uncertainty.diagnostics.activations import MANY_DEAD, activation_statistics
from uncertainty.diagnostics.cross_fitting import BATCHES_PER_EPOCH, CrossFit, cross_fit
from uncertainty.diagnostics.curves import curves_from
from uncertainty.diagnostics.initial_loss import initial_loss_check
from uncertainty.diagnostics.preparation import (
    base_network,
    checked,
    marginal_nll,
    prepare,
    seed_from,
    split,
    train_quietly,
    with_plan,
)
from uncertainty.diagnostics.range_test import BATCHES_PER_POINT, sweep
from uncertainty.diagnostics.report import (
    ADVICE,
    DEAD_UNITS,
    EQUAL_UNITS,
    NO_SIGNAL,
    RATE_TOO_HIGH,
    Step,
    TrainingReport,
    verdict_of,
)
from uncertainty.diagnostics.small_sample import memorise
from uncertainty.estimators import options
from uncertainty.estimators.encoding import RawRows

# The recipe looks at no more rows than this.
MOST_ROWS = 5000
# A training loss that rises so many nats above its start in the first epochs says that the rate is too high: alone, or
# where the rate is so many times the highest of the range test. With Adam at 3e-3 it rises 0.24 nats at most, at 100
# times that 4 and more where such a rate does harm (nine tables, eight networks; some learn easy tables even so).
GREAT_RISE, RISE, FAR_ABOVE = 2.5, 0.5, 3.0
FIRST_STEPS, COARSE_STEPS = 50, 100
# A gain over a constant below so many standard errors is none. Shuffled labels give at most 0.7 (eleven tables, eight
# shuffles each).
SIGNAL = 1.5
COARSE_RATES, COARSE_ALPHAS = (0.1, 1.0 / 3.0, 1.0), (0.0, 1e-3, 1e-2)
# Factors of the best rate and strength of the coarse search.
REFINEMENTS = ((0.5, 1.0), (1.0, 1.0), (2.0, 1.0), (1.0, 0.3), (1.0, 3.0))
# By when a step has to end, and what the range test may take, in shares of the time.
SMALL_SAMPLE_UNTIL, COARSE_UNTIL, REFINE_UNTIL, RANGE_TEST_SHARE = 0.15, 0.5, 0.75, 0.15
# Epochs of a refinement and of the curves, in those of the coarse search.
REFINE_LENGTH, CURVE_LENGTH = 3, 6


def check_training(
    estimator: Any, X: ArrayLike, y: ArrayLike, *, max_time: float = 60.0, random_state: Any = 0, verbose: bool = True
) -> TrainingReport:
    """Run the usual recipe for getting a network to train, and report what is wrong and what to do next.

    On the estimator's base network, without its pre-training, in this order: the loss before the first step;
    activations and gradients at the initialization; overfitting 20 rows; the learning rate; a short coarse search of
    rates and penalties; a finer and longer one around its best; learning curves at the best. Hidden units that are all
    equal end it: nothing that comes later could be trusted. Losses of the searches are of rows not trained on, in five
    folds.

    It names four faults. "hidden units are all equal" and "dead units" (at least half of a layer) are seen at the
    initialization (dead ones in a fitted estimator as well). "learning rate too high": at the estimator's own rate
    and schedule the training loss rises 2.5 nats above where it started (0.5 where the rate is three times the highest
    of the range test), while a lower rate makes it fall. "no learnable signal": a network that can fit a few rows does
    not predict new ones better than a constant does, by 1.5 standard errors; a weak signal in few rows looks the same.

    Parameters
    ----------
    estimator : any regressor or classifier of this package, fitted or not; it is not changed
    X, y : as in `fit`; of more than 5000 rows a random share is looked at
    max_time : float > 0, seconds; the searches are cut short where they would take longer
    random_state : int, RandomState or Generator
        The same number gives the same report, unless the time runs out.
    verbose : bool, default True
        Print each step when it is done.

    Returns
    -------
    TrainingReport

    References
    ----------
    Karpathy (2019), A recipe for training neural networks; Goodfellow, Bengio & Courville (2016), Deep Learning,
    chapter 11.
    """
    recipe = _Recipe(estimator, X, y, check_number("max_time", max_time, low_open=True), seed_from(random_state))
    for step in recipe.order():
        made = step()
        recipe.steps.append(made)
        if verbose:
            print(made)
        if made.fault == EQUAL_UNITS:
            break
    report = recipe.report()
    if verbose:
        print(f"=> {report.verdict}")
    return report


class _Recipe:
    """The steps of one check, in order, and what later ones need from earlier ones."""

    def __init__(self, estimator: Any, X: Any, y: Any, max_time: float, seed: int) -> None:
        self.start, self.max_time, self.seed = time.monotonic(), max_time, seed
        self.estimator, self.network = estimator, base_network(estimator, pretraining=None)
        self.rows = self._some_rows(checked(estimator, X, y))
        self.steps: list[Step] = []
        self.suggestion: dict[str, float] = {}
        self.last: Any = None
        self.fits_few_rows, self.gains = True, False
        n_batches = ceil(0.6 * len(self.rows) / options.resolve_batch_size(self.network.batch_size, len(self.rows)))
        self.batches_per_epoch = min(n_batches, BATCHES_PER_EPOCH)

    def _some_rows(self, rows: RawRows) -> RawRows:
        if len(rows) <= MOST_ROWS:
            return rows
        return split(rows, MOST_ROWS / len(rows), self.seed, stratify=is_classifier(self.estimator))[1]

    def order(self) -> list[Callable[[], Step]]:
        layers = [self.initial_layers] if options.hidden_layer_sizes(self.network.hidden_layer_sizes) else []
        searches = [self.coarse_search, self.refine, self.curves]
        return [self.initial_loss, *layers, self.small_sample, self.learning_rate, *searches]

    def report(self) -> TrainingReport:
        faults = tuple(step.fault for step in self.steps if step.fault is not None)
        seconds = time.monotonic() - self.start
        verdict = verdict_of(self.steps, self.suggestion, gains=self.gains)
        return TrainingReport(tuple(self.steps), faults, self.suggestion, self.last, seconds, verdict)

    # -- before training -----------------------------------------------------------------------------------------

    def initial_loss(self) -> Step:
        self.last = found = initial_loss_check(self.network, self.rows.x, self.rows.y, random_state=self.seed)
        advice = "" if found.is_expected else "Look for extreme or unscaled targets; leave standardize='auto'."
        return Step("initial loss", found.initial_loss, "nats", found.verdict, advice)

    def initial_layers(self) -> Step:
        self.last = found = activation_statistics(self.estimator, self.rows.x, self.rows.y, random_state=self.seed)
        name, states = "hidden layers", [found.initial, *([] if found.trained is None else [found.trained])]
        dead = max(float(state.dead.max()) for state in states)
        if found.initial.has_equal_units:
            return Step(name, 0.0, "unit spread", found.verdict, ADVICE[EQUAL_UNITS], EQUAL_UNITS)
        if dead >= MANY_DEAD:
            return Step(name, dead, "dead share", found.verdict, ADVICE[DEAD_UNITS], DEAD_UNITS)
        advice = "Try initializer='auto', normalization='batch', or fewer layers." if found.findings else ""
        return Step(name, dead, "dead share", found.verdict, advice)

    def small_sample(self) -> Step:
        """At the network's own rate, and where that fails at others: whether it can is asked before how."""
        own, found = float(self.network.learning_rate_init), None
        for factor in (1.0, 0.1, 0.01, 10.0):
            network = clone(self.network).set_params(learning_rate_init=factor * own)
            tried = memorise(network, self.rows, self.seed, give_up=self._late(SMALL_SAMPLE_UNTIL))
            found = tried if found is None or tried.best_loss < found.best_loss else found
            if tried.memorised:
                break
        assert found is not None
        self.last, self.fits_few_rows = found, found.best_loss < found.marginal_loss - 0.1
        advice = ""
        if not found.memorised and self._late(SMALL_SAMPLE_UNTIL)(None):
            advice = "There was no time for it: raise max_time."
        elif not found.memorised:
            advice = "Give the network more units or layers; check that rows that look alike have like targets."
        elif found.learning_rate != own:
            advice = f"It does not at its own rate {own:.1e}: see the next step."
        return Step("small sample", found.best_loss, "nats", found.verdict, advice)

    def learning_rate(self) -> Step:
        rise, step_seconds = self._first_rise()
        affordable = int(RANGE_TEST_SHARE * self.max_time / (100 * step_seconds))
        batches_per_point = min(max(affordable, 1), BATCHES_PER_POINT)
        self.last = found = sweep(self.network, self.rows, self.seed, batches_per_point=batches_per_point)
        self.suggested_rate = found.suggested_rate
        own, name = found.learning_rate_init, "learning rate"
        far_above = own > FAR_ABOVE * found.cyclical_bounds[1]
        if found.trains and own > found.suggested_rate and rise > (RISE if far_above else GREAT_RISE):
            line = f"at the network's own {own:.1e} the training loss rises by {rise:.2g} nats; {found.verdict}"
            advice = f"Set learning_rate_init={found.suggested_rate:.1e}."
            return Step(name, own / found.suggested_rate, "times the suggested", line, advice, RATE_TOO_HIGH)
        inside = not found.trains or found.cyclical_bounds[0] <= own <= found.cyclical_bounds[1]
        advice = "" if inside else f"Try learning_rate_init={found.suggested_rate:.1e}."
        return Step(name, found.suggested_rate, "suggested rate", found.verdict, advice)

    def _late(self, share: float) -> Callable[[Any], bool]:
        """Whether so large a share of the time is over, for a run to end by."""
        limit = self.start + share * self.max_time
        return lambda state: time.monotonic() > limit

    def _first_rise(self) -> tuple[float, float]:
        """How far the training loss rises above its start in the first epochs of the network's own plan, and a step's
        seconds.
        """
        run = prepare(clone(self.network).set_params(early_stopping=False), self.rows, seed=self.seed)
        run = with_plan(
            run,
            batches_per_epoch=BATCHES_PER_EPOCH,
            max_epochs=max(5, ceil(FIRST_STEPS / self.batches_per_epoch)),
            patience=None,
            backs_off=False,
        )
        start = time.monotonic()
        history = train_quietly(run).history
        seconds = (time.monotonic() - start) / (len(history) * run.batches.n_batches)
        highest = max(record["train_loss"] for record in history)
        return highest - marginal_nll(run, regression=is_regressor(self.network)), seconds

    # -- training ------------------------------------------------------------------------------------------------

    def coarse_search(self) -> Step:
        rates = [factor * self.suggested_rate for factor in COARSE_RATES]
        return self._search("coarse search", list(product(rates, COARSE_ALPHAS)), 1, COARSE_UNTIL)

    def refine(self) -> Step:
        rate, alpha = self.suggestion["learning_rate_init"], self.suggestion["alpha"] or 1e-4
        return self._search("refinement", [(a * rate, b * alpha) for a, b in REFINEMENTS], REFINE_LENGTH, REFINE_UNTIL)

    def _search(self, name: str, settings: list[tuple[float, float]], length: int, until: float) -> Step:
        """Try rates and penalties on rows not trained on, as far as the time goes, and keep the best."""
        tried: list[tuple[float, float, float, CrossFit]] = []
        for rate, alpha in settings:
            if tried and self._late(until)(None):
                break
            fit = self._cross_fit(rate, alpha, length, until)
            tried.append((fit.watched_loss, rate, alpha, fit))
        loss, rate, alpha, fit = min(tried, key=lambda one: one[0])
        self.suggestion = {"learning_rate_init": rate, "alpha": alpha}
        n_epochs = len(fit.history)
        line = (
            f"best of {len(tried)} settings in {n_epochs} epochs: learning_rate_init={rate:.1e}, alpha={alpha:.1e}, "
            f"NLL on rows not trained on {loss:.3f} nats"
        )
        short = len(tried) < len(settings)
        advice = f"Time for {len(tried)} of {len(settings)} settings only: raise max_time." if short else ""
        return Step(name, loss, "nats", line, advice)

    def _cross_fit(self, rate: float, alpha: float, length: int, until: float) -> CrossFit:
        network = clone(self.network).set_params(learning_rate_init=rate, alpha=alpha)
        return cross_fit(
            network,
            self.rows,
            seed=self.seed,
            n_epochs=self._n_epochs(length),
            patience=None,
            stop=self._late(until),
        )

    def _n_epochs(self, length: int) -> int:
        return length * max(5, ceil(COARSE_STEPS / self.batches_per_epoch))

    def curves(self) -> Step:
        fit = self._cross_fit(self.suggestion["learning_rate_init"], self.suggestion["alpha"], CURVE_LENGTH, 1.0)
        self.last = found = curves_from(fit.history, fit.constant_loss)
        self.gains = fit.z >= SIGNAL
        gain = f"new rows gain {fit.gain:.3f} ± {fit.gain_error:.3f} nats over a constant"
        broken = any(step.fault in (EQUAL_UNITS, DEAD_UNITS) for step in self.steps)
        if not self.gains and len(fit.history) < self._n_epochs(CURVE_LENGTH):
            line = f"{gain} in the {len(fit.history)} epochs that there was time for, too few to tell"
            return Step("learning curves", fit.gain, "nats gained", line, "Raise max_time.")
        if not self.gains and self.fits_few_rows and not broken:
            line = f"{gain}, although the network can fit a few rows: X says nothing about y that it could find"
            return Step("learning curves", fit.gain, "nats gained", line, ADVICE[NO_SIGNAL], NO_SIGNAL)
        advice = "Next: validation_diagnosis with the error you need as baseline_error." if self.gains else ""
        return Step("learning curves", fit.gain, "nats gained", f"{gain}; {found.verdict}", advice)
