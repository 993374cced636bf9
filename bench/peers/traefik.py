"""Traefik from its wheel: bare, and asking about each request (`forwardAuth`)."""

from pathlib import Path

from bench.peers.peer import Peer, beside


def _command(config: Path, port: int) -> list[str]:
    return [
        *(beside("traefik"), f"--entrypoints.web.address=127.0.0.1:{port}"),
        *(f"--providers.file.filename={config}", "--log.level=ERROR"),
        *("--global.checknewversion=false", "--global.sendanonymoususage=false"),
        # As many idle connections as there are callers, as the others keep.
        "--serverstransport.maxidleconnsperhost=1024",
    ]


BARE = Peer("Traefik", "traefik-routes.yaml", _command, values={"ASKS": ""}, in_go=True)
ASKING = BARE._replace(
    name="Traefik asking Keyhouse", asks=True, values={"ASKS": "keyhouse, "}
)
