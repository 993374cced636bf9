"""`python -m client.generate` writes shapes.py and typed.pyi: `make client-shapes`."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from client.generate import shapes, stubs
from client.generate.document import document

HOME: Final = Path(__file__).parents[1] / "src" / "keyhouse_client"


def made() -> dict[Path, str]:
    """What the files are to hold."""
    told = document()
    stub = stubs.render(told)
    texts = {
        HOME / "shapes.py": shapes.render(told, stub.schemas),
        HOME / "typed.pyi": stub.text,
    }
    return {path: _formatted(path, text) for path, text in texts.items()}


def _formatted(path: Path, text: str) -> str:
    """As `ruff format` has it, so that the check of the code is content."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(path), "-"]
    ran = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return ran.stdout


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text, "utf-8")
