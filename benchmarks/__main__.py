"""Command line of the benchmarks: ``python -m benchmarks SUITE``."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from . import command as suite_command
from .calibration import command as calibration
from .components import command as components
from .method import Method
from .methods import METHODS
from .report_page import command as report_page
from .selective_risk import command as selective_risk
from .snapshot import command as snapshot
from .speed import command as speed
from .suites import SUITES

# suite -> the module of a suite that is a package of its own, with its own arguments and its own way to run, and
# writes one file
_PACKAGES: dict[str, ModuleType] = {package.SUITE: package for package in (speed, components, snapshot, selective_risk)}
# The same for what reads or writes a folder.
_WITH_FOLDERS: dict[str, ModuleType] = {package.SUITE: package for package in (calibration, report_page)}


def build_parser(methods: Mapping[str, Method]) -> argparse.ArgumentParser:
    """Return the parser; `methods` are those that meet in all suites but the ones that have their own."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Compare the methods with their default arguments, or their speed with other tools'.",
    )
    suites = parser.add_subparsers(dest="suite", required=True, metavar="SUITE")
    for suite in SUITES.values():
        text = suite.text.replace("%", "%%")
        command = suites.add_parser(suite.name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        suite_command.add_arguments(command, suite, methods)
    for name, package in _PACKAGES.items():
        command = suites.add_parser(name, help=package.HELP, description=package.DESCRIPTION)
        package.add_arguments(command)
        add_output_arguments(command)
    for name, package in _WITH_FOLDERS.items():
        command = suites.add_parser(name, help=package.HELP, description=package.DESCRIPTION)
        package.add_arguments(command)
    return parser


def add_output_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments that say where the one file of a suite goes."""
    command.add_argument("--output", type=Path, metavar="FILE",
                         help="JSON file to write (default: a new file in benchmarks/results)")  # fmt: skip
    command.add_argument("--force", action="store_true", help="replace the output file if it exists")


def main(arguments: Sequence[str] | None = None, methods: Mapping[str, Method] = METHODS) -> int:
    """Run the suite named on the command line and return the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = build_parser(methods).parse_args(arguments)
    if options.suite in SUITES:
        return suite_command.run(SUITES[options.suite], options, methods)
    if options.suite in _WITH_FOLDERS:
        return int(_WITH_FOLDERS[options.suite].run(options))
    return int(_PACKAGES[options.suite].run(options, shlex.join(["python", "-m", "benchmarks", *arguments])))


if __name__ == "__main__":
    sys.exit(main())
