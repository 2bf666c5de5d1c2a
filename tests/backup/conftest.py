import sys
from pathlib import Path

for room in (".", "../chaos", "../e2e", "../node", "../domain"):
    sys.path.insert(0, str((Path(__file__).parent / room).resolve()))
