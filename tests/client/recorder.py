"""What the client would send."""

from keyhouse_client.calls import Call


class Recorder:
    """A sender that keeps what it was to send."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def _keep(self, call: Call) -> None:
        self.calls.append(call)

    one = listed = each = lines = nothing = _keep
