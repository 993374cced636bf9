"""The program `keyhouse`: a gateway in a network namespace, listening outside of it.

KEYHOUSE_GATEWAY__LISTEN=HOST:PORT NETWORK=NAME python -m tests.faults.far_gateway gateway

A socket stays in the network in which it was made: callers reach the gateway as any
other, what it connects to is in its own.
"""

import os
import sys

from keyhouse.__main__ import main
from keyhouse.doors.supervisor.sockets import Listener, bind
from tests.servers.namespaces import enter

if __name__ == "__main__":
    host, _, port = os.environ["KEYHOUSE_GATEWAY__LISTEN"].rpartition(":")
    bound = bind(Listener("gateway", "gateway.listen", host, int(port)))
    enter(os.environ.pop("NETWORK"))
    sys.argv += ["--listen-fd", str(bound.detach())]
    main()
