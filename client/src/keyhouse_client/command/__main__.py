"""`python -m keyhouse_client.command` is `kh`."""

import sys

from keyhouse_client.command.line import main

sys.exit(main())
