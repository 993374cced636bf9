"""Compiles the modules that every request goes through, with mypyc.

They are named in pyproject.toml, for the hook that hatchling runs when a wheel is
built: it compiles where KEYHOUSE_NATIVE is 1, and otherwise the wheel is pure Python
and does the same, slower. In a working copy:

    python hatch_build.py          compile beside the sources, unless that is done
    python hatch_build.py --check  say what has changed since; 1 if anything has
    python hatch_build.py --clean  run from the sources alone
"""

import ast
import hashlib
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT: Final = Path(__file__).resolve().parent
SOURCES: Final = ROOT / "src"
BUILD: Final = ROOT / "build" / "native"
RECORD: Final = BUILD / "compiled.json"
"""What the compiled modules were made of: paths and the hashes of their sources."""
GROUP: Final = "keyhouse"


class NativeHook(BuildHookInterface[Any]):
    """Puts the compiled modules into the wheel, where they are wanted."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What compiling needs beside hatchling."""
        return ["mypy[mypyc]", "setuptools>=71.1"] if _is_wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and name what came of it. An editable install runs from the sources."""
        if version == "editable" or not _is_wanted():
            return
        compile_in_place()
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["force_include"] |= {
            str(path): str(path.relative_to(SOURCES)) for path in compiled()
        }


def modules() -> list[str]:
    """The paths of what is compiled, below `src`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    hook = project["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]
    return sorted(hook["native"])


def compiled() -> Iterator[Path]:
    """All that compiling left beside the sources."""
    return SOURCES.rglob("*.so")


def stale() -> list[str]:
    """Modules whose compiled form is of another source than there is now."""
    if not any(compiled()):
        return []
    made = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    now = _fingerprint()
    return sorted(path for path in {*made, *now} if made.get(path) != now.get(path))


def told(paths: list[str]) -> str:
    """The first of them, and how many more."""
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(paths[:3]) + more


def compile_in_place() -> None:
    """Compile all modules, unless what is there is of the same sources."""
    if any(compiled()) and not stale():
        return
    clean()
    BUILD.mkdir(parents=True, exist_ok=True)
    # A process of its own: mypyc and setuptools leave much behind in theirs.
    command = [sys.executable, str(Path(__file__)), "--compile"]
    if subprocess.run(command, cwd=SOURCES, check=False).returncode:  # noqa: S603 # ourselves
        clean()
        sys.exit("The hot path could not be compiled; it runs from its sources as well.")
    RECORD.write_text(json.dumps(_fingerprint(), indent=1))


def clean() -> None:
    """Remove what compiling left."""
    for path in list(compiled()):
        path.unlink()
    RECORD.unlink(missing_ok=True)


def _compile() -> None:
    """In `src`, where paths tell the names of modules."""
    from mypyc.build import mypycify
    from setuptools import Distribution
    from setuptools.command.build_ext import build_ext

    # Types are checked elsewhere. What a build environment lacks is of no known type.
    options = [
        "--config-file=",
        f"--cache-dir={os.devnull}",
        "--ignore-missing-imports",
        "--follow-imports=silent",
    ]
    extensions = mypycify(
        [*options, *modules()],
        group_name=GROUP,
        target_dir=str(BUILD),
        debug_level="0",
    )
    command = build_ext(Distribution({"name": "keyhouse", "ext_modules": extensions}))
    command.build_temp = command.build_lib = str(BUILD)
    command.inplace = True
    command.parallel = os.cpu_count()
    command.ensure_finalized()
    command.run()


def _fingerprint() -> dict[str, str]:
    """The hashes of the sources and of what they import of ours, whose constants and

    types are compiled in; and the Python that runs them.
    """
    paths = {path for name in modules() for path in (name, *_imported(name))}
    texts = {path: (SOURCES / path).read_bytes() for path in sorted(paths)}
    hashes = {path: hashlib.sha256(text).hexdigest() for path, text in texts.items()}
    return {**hashes, "python": sys.version}


def _imported(path: str) -> Iterator[str]:
    """The modules of ours that a source takes names from."""
    for node in ast.walk(ast.parse((SOURCES / path).read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module:
            inside = [f"{node.module}.{name.name}" for name in node.names]
            for module in (node.module, *inside):
                file = module.replace(".", "/")
                for found in (f"{file}.py", f"{file}/__init__.py"):
                    if (SOURCES / found).is_file():
                        yield found


def _is_wanted() -> bool:
    return os.environ.get("KEYHOUSE_NATIVE") == "1"


def main(arguments: list[str]) -> int:
    """The exit code: 1 where `--check` found something."""
    if arguments == ["--compile"]:
        _compile()
    elif arguments == ["--clean"]:
        clean()
    elif arguments == ["--check"]:
        if found := stale():
            print(f"compiled of other sources: {told(found)}", file=sys.stderr)
        return 1 if found else 0
    elif not arguments:
        compile_in_place()
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
