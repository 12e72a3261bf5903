"""Every figure of the gallery, drawn by the code that stands above it on the page."""

import re
from pathlib import Path

import style

PAGE = Path(__file__).resolve().parents[1] / "gallery.md"
# A block of code, and the figure behind it if there is one.
PATTERN = r"^```python\n(.*?)^```\n(?:\n!\[[^\]]*\]\(figures/gallery/(\w+)\.png\))?"

namespace: dict[str, object] = {"__name__": "gallery"}
for block, name in re.findall(PATTERN, PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL):
    exec(compile(block, f"gallery.md, {name or 'models'}", "exec"), namespace)
    if name:
        style.save(namespace["display"].figure_, str(PAGE.parent / "figures" / "gallery" / f"{name}.py"))
        style.plt.close("all")
