"""Coverage-guided fuzzing of both parsers' glue, on the harness of `test_fuzz`.

usage: python -m tests.doors.gateway.raw.explore requests|answers SECONDS
       with KEYHOUSE_INTERPRETED=1, as compiled code shows no coverage

Begins with the tables, ends with 1 and the input where something does not hold.
"""

import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

from tests.conftest import INTERPRETED

with atheris.instrument_imports(include=["keyhouse.doors.gateway", "keyhouse.core"]):
    from tests.doors.gateway.raw import fuzzing
    from tests.doors.gateway.raw.answer_cases import ANSWERS
    from tests.doors.gateway.raw.cases import CASES
    from tests.doors.gateway.raw.still import StillLoop

SIZE_MAX = 3000
CUTS_MAX = 8
METHODS = (b"GET", b"HEAD", b"POST", fuzzing.SWITCH)
WORDS = (
    "Content-Length: 5\\x0d\\x0a",
    "Transfer-Encoding: chunked\\x0d\\x0a",
    "Connection: close\\x0d\\x0a",
    "Connection: upgrade\\x0d\\x0aUpgrade: websocket\\x0d\\x0a",
    "Expect: 100-continue\\x0d\\x0a",
    "Host: b\\x0d\\x0a",
    "HTTP/1.0",
    "HTTP/1.1",
    "HEAD ",
    "0\\x0d\\x0a\\x0d\\x0a",
    "\\x0d\\x0a\\x0d\\x0a",
    "\\x0d\\x0a ",
    "\\x00",
    "\\x0b",
    "\\x0a",
    "\\x0d",
    ";a=",
)


def taken_apart(data: bytes) -> tuple[int, list[int], bytes]:
    """Flags, places to cut, and the stream, in what the fuzzer made up."""
    flags, count = data[0], data[1] % (CUTS_MAX + 1)
    end = 2 + 2 * count
    cuts = [int.from_bytes(data[at : at + 2]) for at in range(2, end, 2)]
    return flags, cuts, data[end : end + SIZE_MAX]


def requests(loop: StillLoop, data: bytes) -> None:
    flags, cuts, stream = taken_apart(data)
    fuzzing.check_requests(loop, stream, cuts, ends=bool(flags & 1))


def answers(loop: StillLoop, data: bytes) -> None:
    flags, cuts, stream = taken_apart(data)
    method = METHODS[(flags >> 1) % len(METHODS)]
    fuzzing.check_answers(loop, method, stream, cuts, ends=bool(flags & 1))


KINDS: dict[str, tuple[Callable[[StillLoop, bytes], None], list[bytes]]] = {
    "requests": (requests, [case.sent for case in CASES]),
    "answers": (answers, [case.sent for case in ANSWERS]),
}


def main(kind: str, seconds: str) -> None:
    if not INTERPRETED:
        sys.exit("compiled code shows no coverage: set KEYHOUSE_INTERPRETED=1")
    logging.disable(logging.CRITICAL)
    check, seeds = KINDS[kind]
    folder = Path(tempfile.mkdtemp(prefix="keyhouse-fuzz-"))
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(one for one in seeds if len(one) <= SIZE_MAX):
        cuts = (len(seed) // 3, len(seed) // 2)
        head = bytes((number % 6, 2)) + b"".join(cut.to_bytes(2) for cut in cuts)
        (corpus / str(number)).write_bytes(head + seed)
    words = folder / "words"
    words.write_text("".join(f'"{word}"\n' for word in WORDS))
    loop = StillLoop()

    def one(data: bytes) -> None:
        if len(data) > 2:
            check(loop, data)

    options = [
        f"-max_total_time={seconds}",
        f"-max_len={SIZE_MAX}",
        f"-dict={words}",
        f"-artifact_prefix={folder}/",
        "-timeout=60",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
