"""Appends as fast as it can, tells each append on stdout, until it is killed."""

import os
import sys
from pathlib import Path

from keyhouse.adapters.spool import MappedSpoolFolder
from keyhouse.core.usage import Served, Use

spool = MappedSpoolFolder(Path(sys.argv[1]), "boot").create("spl_child")
number = booked = 0
while True:
    use = Use("org", "org", "api", "", f"key_{number % 7}", 1, "app", "live", "")
    path = "/" + "x" * (number % 130)
    entry = Served(
        f"req_{number:022}", number, use, 0, "GET", path, 1, 1, (f"lse_{number}",)
    )
    if spool.served(*entry):
        number += 1
        os.write(1, b"%d\n" % number)
    else:
        end = spool.cut()
        os.write(1, b"cut %d %d\n" % (end, number))
        spool.booked(end)
    if number % 1000 == 0:
        spool.cut()
