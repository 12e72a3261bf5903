"""What each member of an ensemble says apart from the others, row by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier

from uncertainty.diagnostics.axes import require_matplotlib
from uncertainty.plotting import responses
from uncertainty.plotting.colours import MARKERS, PALETTE, PREDICTED, REFERENCE
from uncertainty.plotting.columns import target_column, target_label
from uncertainty.plotting.density import MAX_POINTS, draw_density
from uncertainty.plotting.display import Display, finish

Array = NDArray[np.float64]


@dataclass(kw_only=True, eq=False, repr=False)
class MemberDisagreementDisplay(Display):
    """How far each member's prediction lies from the mean of all, against that mean.

    The vertical spread is the disagreement that epistemic uncertainty measures; a member that lies to one side
    everywhere stands out. Up to six members have a colour and a marker each; above 2000 points they become a density.

    Parameters
    ----------
    members : (M, n) predictions of M members, in one unit
    prediction_name : str, with the unit

    Attributes
    ----------
    members_ : list of scatters, one for each member or one for all; or the hexagons
    reference_ : Line2D at zero
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> from uncertainty.plotting import MemberDisagreementDisplay
    >>> display = MemberDisagreementDisplay.from_predictions([[1.0, 2.0], [2.0, 4.0]])
    >>> display.members_[0].get_offsets().tolist()
    [[1.5, -0.5], [3.0, -1.0]]
    """

    members: Array
    prediction_name: str = "prediction"
    members_: list[Any] = field(init=False)
    reference_: Any = field(init=False)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        pos_label: Any = None,
        target: int | None = None,
        target_name: str | None = None,
        ax: Any = None,
    ) -> MemberDisagreementDisplay:
        """Draw the members of a fitted ensemble.

        Parameters
        ----------
        estimator : regressor or classifier with `predict_members`
        X : (n, D)
        y : optional, only its name is used
        pos_label : the class whose probability is drawn; by default the second of two, or with more the most
            probable class of each row
        target : int, which of T targets
        target_name : str, with the unit; by default the name of y
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        MemberDisagreementDisplay

        Raises
        ------
        TypeError
            For an estimator without `predict_members`.
        ValueError
            For an unknown `pos_label` or `target`, or a single member.
        """
        require_matplotlib(cls.__name__)
        suggestion = "an ensemble, such as DeepEnsembleRegressor or DeepEnsembleClassifier"
        members = np.asarray(responses.ask(estimator, "predict_members", X, suggestion), dtype=np.float64)
        predicted = estimator.predict(X)
        column = target_column(predicted, target)
        if column is not None:
            members = members[:, :, column]
            name = target_label(y, column, target_name)
        if is_classifier(estimator):
            if column is None:
                members, name = _of_one_class(members, estimator.classes_, pos_label)
            return cls.from_predictions(members, prediction_name=f"probability of {name}", ax=ax)
        return cls.from_predictions(members, prediction_name=f"predicted {target_label(y, column, target_name)}", ax=ax)

    @classmethod
    def from_predictions(
        cls, members: ArrayLike, *, prediction_name: str = "prediction", ax: Any = None
    ) -> MemberDisagreementDisplay:
        """Draw given predictions of members.

        Parameters
        ----------
        members : (M, n), in one unit
        prediction_name : str, with the unit
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        MemberDisagreementDisplay
        """
        values = np.asarray(members, dtype=np.float64)
        if values.ndim != 2 or len(values) < 2:
            raise ValueError(
                f"members must have shape (M, n) with at least two members, got {values.shape}. One network has "
                f"nobody to disagree with."
            )
        return cls(members=values, prediction_name=prediction_name).plot(ax)

    def plot(self, ax: Any = None) -> MemberDisagreementDisplay:
        """Draw on `ax`, by default the axes of a new figure; return the display."""
        ax = self._begin(ax)
        n_members = len(self.members)
        mean = self.members.mean(axis=0)
        deviation = self.members - mean
        self.reference_ = ax.axhline(0.0, color=REFERENCE, ls="--", lw=1.0, label="mean of the members")
        x = np.tile(mean, n_members)
        if self.members.size > MAX_POINTS:
            label = f"{n_members} members"
            self.members_ = [draw_density(ax, x, deviation.ravel(), colour=PREDICTED, label=label)]
        elif n_members > len(PALETTE):
            style: dict[str, Any] = {"s": 8, "lw": 0, "alpha": 0.5, "color": PREDICTED, "label": f"{n_members} members"}
            self.members_ = [ax.scatter(x, deviation.ravel(), **style)]
        else:
            style = {"s": 14, "lw": 0, "alpha": 0.75}
            self.members_ = [
                ax.scatter(mean, row, color=PALETTE[m], marker=MARKERS[m], label=f"member {m + 1}", **style)
                for m, row in enumerate(deviation)
            ]
        finish(ax, f"{self.prediction_name}, mean of the members", "member minus mean of the members", above=True)
        return self


def _of_one_class(members: Array, classes: NDArray[Any], pos_label: Any) -> tuple[Array, str]:
    """Return the members' probabilities (M, n) of one class and what it is called."""
    if pos_label is None and len(classes) > 2:
        most_probable = members.mean(axis=0).argmax(axis=1)
        return np.take_along_axis(members, most_probable[None, :, None], axis=2)[:, :, 0], "the most probable class"
    label = classes[1] if pos_label is None else pos_label
    if label not in classes:
        raise ValueError(f"pos_label must be one of the classes {list(classes)}, got {pos_label!r}.")
    return members[:, :, list(classes).index(label)], f"class {label}"
