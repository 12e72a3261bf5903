"""What a suite is: data sets, their splits, the methods that meet on them, and scores of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..datasets import Task
from ..differences import Repeats
from ..method import Group, Method
from ..runner import Problem


@dataclass(frozen=True)
class Suite:
    """One suite of runs.

    Parameters
    ----------
    name, text : str
        Its name on the command line, and what it is.
    tasks : data set -> task
    n_splits : data set -> splits there are
    load : (data set, split) -> Problem
        A function at module level, since it is called in other processes.
    default_splits : int, optional
        Splits of each data set that are run unless another number is asked for; by default all.
    default_group : str, optional
        The methods that run unless others are asked for; by default all.
    own_methods : name -> Method, optional
        Methods made for this suite, in the place of those that meet in all others.
    scores : (score, heading) of the scores that it alone has
    rerun_changed : bool
        Whether runs are so quick that a change of the package's source is reason enough to make them again.
    repeats : "splits", "draws" or "seeds"
        What differs from one split to the next, see `benchmarks.differences`.
    """

    name: str
    text: str
    tasks: Mapping[str, Task]
    n_splits: Mapping[str, int]
    load: Callable[[str, int], Problem]
    default_splits: int | None = None
    default_group: Group | None = None
    own_methods: Mapping[str, Method] | None = None
    scores: tuple[tuple[str, str], ...] = ()
    rerun_changed: bool = False
    repeats: Repeats = "splits"

    def methods(self, methods: Mapping[str, Method]) -> dict[str, Method]:
        """Return those that can run here: the suite's own, or those of `methods` that exist for one of its tasks."""
        if self.own_methods is not None:
            return dict(self.own_methods)
        tasks = set(self.tasks.values())
        return {name: method for name, method in methods.items() if any(map(method.supports, tasks))}

    def splits(self, dataset: str, n_splits: int | None) -> range:
        """Return the numbers of the splits to run: the first `n_splits` of those there are, or the default."""
        wanted = n_splits or self.default_splits or self.n_splits[dataset]
        return range(min(wanted, self.n_splits[dataset]))
