"""Pages of the API reference, one for each public name, written from the `__all__` of the rooms of the package."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import uncertainty

FOLDER = "api"

# The order of the rooms, and what they are called; one that is not named here comes last, by its own name.
TITLES = {
    "estimators": "Estimators",
    "predictive": "Predictive distributions",
    "calibration": "Calibration and selection",
    "heads": "Heads",
    "components": "Parts of the network",
    "optim": "Optimizers, schedules, averages",
    "training": "Training",
    "metrics": "Metrics",
    "plotting": "Displays",
    "diagnostics": "Diagnostics",
    "tables": "Tables",
    "persistence": "Saving and loading",
    "export": "Export",
    "report": "Report",
}

# Made by scikit-learn for every estimator, and described there.
ROUTING = re.compile(r"set_\w+_request")

# Rooms with nothing to import: the command line is described on its own page.
NOT_A_LIBRARY = {"cli"}


@dataclass(frozen=True)
class Room:
    """One room of the package, and the full names under which its public names are documented."""

    name: str
    module: ModuleType
    members: tuple[str, ...]

    @property
    def title(self) -> str:
        return TITLES.get(self.name, self.name.capitalize())


def rooms() -> list[Room]:
    """Return the rooms with a list of public names, in the order of the reference."""
    names = [info.name for info in pkgutil.iter_modules(uncertainty.__path__) if info.name not in NOT_A_LIBRARY]
    modules = {name: importlib.import_module(f"uncertainty.{name}") for name in names}
    order = [*TITLES, *names]
    return [
        Room(name, module, tuple(public_names(module)))
        for name, module in sorted(modules.items(), key=lambda item: order.index(item[0]))
        if hasattr(module, "__all__")
    ]


def public_names(module: ModuleType) -> Iterator[str]:
    """Yield the full names of a room's members: the short one where the package itself has it."""
    own = set(module.__all__)
    # Options that are public names of the package, though not in the list of the room that they live in.
    own |= {name for name in uncertainty.__all__ if lives_in(getattr(uncertainty, name), module)}
    for name in sorted(own, key=str.lower):
        yield f"uncertainty.{name}" if name in uncertainty.__all__ else f"{module.__name__}.{name}"


def lives_in(value: Any, module: ModuleType) -> bool:
    """Return whether a class or function was defined in the room."""
    return f"{getattr(value, '__module__', '')}.".startswith(f"{module.__name__}.")


def member(full_name: str) -> Any:
    """Return the object of a full name."""
    module, _, name = full_name.rpartition(".")
    return getattr(importlib.import_module(module), name)


def methods(cls: type) -> Iterator[tuple[str, str]]:
    """Yield directive and name of each public method and property that was written in this package."""
    for attribute in inspect.classify_class_attrs(cls):
        ours = attribute.defining_class.__module__.partition(".")[0] == "uncertainty"
        if not ours or attribute.name.startswith("_") or ROUTING.fullmatch(attribute.name):
            continue
        if not inspect.getdoc(getattr(cls, attribute.name)):
            continue
        if attribute.kind == "property":
            yield "autoproperty", attribute.name
        elif attribute.kind in ("method", "class method", "static method"):
            yield "automethod", attribute.name


def page(full_name: str) -> str:
    """Return the page of one public name."""
    value, short = member(full_name), full_name.rpartition(".")[2]
    heading = f"{short}\n{'=' * len(short)}\n\n"
    if not inspect.isclass(value):
        return f"{heading}.. {'autofunction' if callable(value) else 'autodata'}:: {full_name}\n"
    lines = [f"   .. {directive}:: {name}" for directive, name in methods(value)]
    return "\n".join([f"{heading}.. autoclass:: {full_name}\n", *lines, ""])


def room_page(room: Room) -> str:
    """Return the page of a room: what it is for, and its names with what each is."""
    rows = "\n".join(f"   * - :py:obj:`~{name}`\n     - {summary(member(name))}" for name in room.members)
    listed = "\n".join(f"   {name}" for name in room.members)
    return (
        f"{room.title}\n{'=' * len(room.title)}\n\n.. automodule:: {room.module.__name__}\n\n"
        f".. list-table::\n   :widths: 40 60\n\n{rows}\n\n"
        f".. toctree::\n   :hidden:\n\n{listed}\n"
    )


def summary(value: Any) -> str:
    """Return the first sentence of a docstring; constants have none."""
    if not callable(value):
        return type(value).__name__
    return " ".join((inspect.getdoc(value) or "").partition("\n\n")[0].split())


def index_page(found: list[Room]) -> str:
    """Return the first page of the reference."""
    listed = "\n".join(f"   uncertainty.{room.name}" for room in found)
    return (
        "API reference\n=============\n\nEvery public name, by the room of the package that it lives in. What can be "
        "imported from ``uncertainty`` itself is shown so; the rest comes from its room.\n\n"
        f".. toctree::\n   :maxdepth: 2\n\n{listed}\n"
    )


def write_pages(folder: Path) -> None:
    """Write all pages, touching only those that changed, and remove those of names that are gone."""
    found = rooms()
    pages = {"index": index_page(found)}
    for room in found:
        pages[f"uncertainty.{room.name}"] = room_page(room)
        pages |= {name: page(name) for name in room.members}
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.rst"):
        if path.stem not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Have the pages written before Sphinx looks for its sources."""
    app.connect("builder-inited", lambda app: write_pages(Path(app.srcdir) / FOLDER))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
