"""`python -m warehouse README.md`: the data dictionary in a document, made anew."""

from __future__ import annotations

import sys
from pathlib import Path

from warehouse.dictionary import renewed

for name in sys.argv[1:]:
    Path(name).write_text(renewed(Path(name).read_text(encoding="utf-8")), encoding="utf-8")
