"""``python -m benchmarks speed``: the arguments, the sections in order, and what is written down."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from .. import report
from ..store import without_nonfinite
from .comparison import Comparison, markdown_table
from .guard import describe_broken, find_broken, run_checks
from .peers import DISTRIBUTIONS, PEERS
from .prediction import compare_imports, compare_masks, compare_memory, compare_predictions
from .session import Session
from .training import compare_around, compare_base, compare_methods, compare_overhead, compare_stack

SUITE = "speed"
HELP = "seconds and memory beside other tools, in one run on this machine"
DESCRIPTION = (
    "Compare our speed with what one would use instead. The peers come with the extra 'bench-peers'; each that cannot "
    "be imported is left out."
)

Section = Callable[[Session], list[Comparison]]

SECTIONS: dict[str, Section] = {
    "base": compare_base,
    "around": compare_around,
    "stack": compare_stack,
    "overhead": compare_overhead,
    "predict": compare_predictions,
    "masks": compare_masks,
    "methods": compare_methods,
    "import": compare_imports,
    "memory": compare_memory,
}

HEADINGS = {  # section of a comparison -> above its table
    "fit": "Seconds per epoch",
    "stack": "Twenty members of (100, 100), and the matrix products alone",
    "overhead": "Whole fits",
    "predict": "Predictions of 5 members, 10 features",
    "masks": "MC-dropout",
    "methods": "Our methods beside each other",
    "import": "Import",
    "memory": "Memory",
}

NOTES = (
    "Medians over the rounds; in each round all contenders run in turn.",
    "Seconds per epoch are (fit of n epochs - fit of 1 epoch) / (n - 1) for everyone, through fit() for ours: set-up, "
    "compilation and the first epoch count for nobody. The whole fits show what they cost us.",
    "Everyone trains the same number of networks of the same size on the same rows with Adam, in float32, in batches "
    "of 100. scikit-learn fits the mean alone; NGBoost has trees in place of epochs.",
    "Predictions are float64 in ours and float32 in the peers.",
    "The matrix products are those of a training step (forward, gradients of weights and of hidden inputs) at the "
    "rate of a float32 product of two 1024 x 1024 matrices, the best of many.",
)
GUARD_ROUNDS, GUARD_SECONDS = 3, 0.5


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add what the suite understands."""
    command.add_argument("--guard", action="store_true",
                         help="check for regressions instead: a minute, no peers but torch and scikit-learn, exit "
                         "status 1 where a bound is broken; --sections and --peers say nothing then")  # fmt: skip
    command.add_argument("--sections", nargs="+", choices=list(SECTIONS), default=list(SECTIONS), metavar="NAME",
                         help=f"any of: {', '.join(SECTIONS)} (default: all)")  # fmt: skip
    command.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS), metavar="NAME",
                         help=f"any of: {', '.join(PEERS)} (default: all)")  # fmt: skip
    command.add_argument("--rounds", type=_positive(int), metavar="N",
                         help=f"interleaved rounds (default: 5; with --guard {GUARD_ROUNDS})")  # fmt: skip
    command.add_argument("--seconds", type=_positive(float), metavar="S",
                         help="how long one timed fit should take, at least two epochs (default: 1; with --guard "
                         f"{GUARD_SECONDS})")  # fmt: skip
    command.add_argument("--threads", type=_positive(int), metavar="N",
                         help="torch threads (default: as many as torch takes)")  # fmt: skip


def _positive(kind: type[int] | type[float]) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = kind(text)
        if value <= 0:
            raise argparse.ArgumentTypeError(f"must be positive, got {text}")
        return value

    return parse


def run(options: argparse.Namespace, command: str, sections: Mapping[str, Section] = SECTIONS) -> int:
    """Measure, print, write the record, and return the exit status."""
    output = options.output or (None if options.guard else report.default_output(SUITE))
    try:
        for path in [] if output is None else [output, output.with_suffix(".md")]:
            report.check_output(path, force=options.force)
    except FileExistsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    start, threads = time.perf_counter(), torch.get_num_threads()
    torch.set_num_threads(options.threads or threads)
    try:
        session = _session(options)
        if options.guard:
            comparisons = run_checks(session)
        else:
            comparisons = [row for name in dict.fromkeys(options.sections) for row in sections[name](session)]
        record = build_record(command, session, comparisons)
    finally:
        torch.set_num_threads(threads)
    text = render(record, comparisons)
    print(text)
    if output is not None:
        report.write_record(record, output, force=options.force)
        output.with_suffix(".md").write_text(f"{text}\n", encoding="utf-8")
    _print_end(output, time.perf_counter() - start)
    return _exit_status(comparisons) if options.guard else 0


def _session(options: argparse.Namespace) -> Session:
    if options.guard:
        return Session(options.rounds or GUARD_ROUNDS, options.seconds or GUARD_SECONDS)
    return Session(options.rounds or 5, options.seconds or 1.0, tuple(options.peers))


def _print_end(output: Path | None, seconds: float) -> None:
    written = "" if output is None else f" Written to {output} and {output.with_suffix('.md').name}"
    print(f"\n{seconds:.0f} s.{written}")


def _exit_status(comparisons: Sequence[Comparison]) -> int:
    broken = find_broken(comparisons)
    for comparison in broken:
        print(describe_broken(comparison), file=sys.stderr)
    if not broken:
        print(f"speed guard: all {len(comparisons)} bounds hold")
    return 1 if broken else 0


def build_record(command: str, session: Session, comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """Return everything needed to read the result later, or to repeat it, as plain JSON values."""
    record = {
        **report.build_heading(suite=SUITE, command=command, packages=DISTRIBUTIONS),
        "threads": torch.get_num_threads(),
        "rounds": session.rounds,
        "seconds": session.seconds,
        "rows": [comparison.record() for comparison in comparisons],
        "skipped": session.skipped,
    }
    return without_nonfinite(record)


def render(record: Mapping[str, Any], comparisons: Sequence[Comparison]) -> str:
    """Return the result as Markdown: one table a section, then how, where and with what it was measured."""
    lines = [f"# Speed, {record['created']}"]
    for name in dict.fromkeys(comparison.section for comparison in comparisons):
        rows = [comparison for comparison in comparisons if comparison.section == name]
        lines += ["", f"## {HEADINGS[name]}", "", markdown_table(rows)]
    machine = record["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items() if number is not None)
    lines += ["", *(f"- {note}" for note in NOTES)]
    lines += [f"- Rounds: {record['rounds']}; torch threads: {record['threads']}; cores: {machine['n_cores']} of "
              f"{machine['processor'] or machine['architecture']}; {versions}."]  # fmt: skip
    lines += [f"- {line}" for line in record["skipped"]]
    return "\n".join(lines)
