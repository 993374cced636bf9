"""`python bench/run.py [--quick] [--json]`: all of it is in the package `bench`."""

import runpy
import sys
from pathlib import Path

# In the place of this folder, whose file names are not for others to import.
sys.path[0] = str(Path(__file__).resolve().parent.parent)
runpy.run_module("bench", run_name="__main__", alter_sys=True)
