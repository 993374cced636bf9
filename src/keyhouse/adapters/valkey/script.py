"""GCRA where the counters are: the one permitted second form of `core.limits`.

One run of it serves all requests that came within a turn of the event loop.
Each is all or nothing, and sees what those before it took. Times are integer
microseconds, which a Lua number holds exactly up to 2**53: the year 2255.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha1
from typing import Final, NamedTuple

from valkey.exceptions import ResponseError

from keyhouse.core.limits import Left, left_of, stood
from keyhouse.core.records import RateUse
from keyhouse.ports import Slowed

# KEYS are the counters, each once. ARGV is the time (0: the server's own), then
# for each request its cost and how many limits it meets, and for each of these
# the place of its counter, the interval, the tolerance, and how far ahead of now
# the counter is to be at least. The answer is, for each request, whether it
# passes, and how far ahead of now each of its counters is after it. What a time
# that is given says of expiry is not the server's affair: then it waits an hour.
# Counters are read in parts, since Lua unpacks no more than some 8,000 values.
SCRIPT: Final = """
local now, spare = tonumber(ARGV[1]), 3600000
if now == 0 then
  local time = redis.call('TIME')
  now, spare = time[1] * 1000000 + time[2], 0
end
local tat, moved, out = {}, {}, {}
for from = 1, #KEYS, 500 do
  local to = math.min(from + 499, #KEYS)
  local held = redis.call('MGET', unpack(KEYS, from, to))
  for i = from, to do tat[i] = tonumber(held[i - from + 1] or '0') end
end
local a = 2
while a <= #ARGV do
  local cost, count = tonumber(ARGV[a]), tonumber(ARGV[a + 1])
  local first, passes = a + 2, 1
  a = first + count * 4
  for at = first, a - 1, 4 do
    local i, least = tonumber(ARGV[at]), tonumber(ARGV[at + 3])
    if least > 0 and tat[i] < now + least then
      tat[i], moved[i] = now + least, true
    end
    local ahead = math.max(tat[i], now) - now + cost * tonumber(ARGV[at + 1])
    if cost > 0 and ahead > tonumber(ARGV[at + 2]) then
      passes = 0
    end
  end
  local spends = passes == 1 and cost > 0
  out[#out + 1] = passes
  for at = first, a - 1, 4 do
    local i = tonumber(ARGV[at])
    if spends then
      tat[i], moved[i] = math.max(tat[i], now) + cost * tonumber(ARGV[at + 1]), true
    elseif tat[i] > now + tonumber(ARGV[at + 2]) then
      tat[i], moved[i] = now + tonumber(ARGV[at + 2]), true
    end
    out[#out + 1] = math.max(tat[i] - now, 0)
  end
end
for i in pairs(moved) do
  local ms = math.ceil((tat[i] - now) / 1000)
  if ms > 0 then
    local value = string.format('%.0f', tat[i])
    redis.call('SET', KEYS[i], value, 'PX', string.format('%.0f', ms + spare))
  else
    redis.call('DEL', KEYS[i])
  end
end
return out
"""
DIGEST: Final = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
EXACT_MAX: Final = 1 << 52
"""Beyond it nothing is told exactly: a burst of 142 years is as good as any."""
_IN_SCRIPT: Final = "user_script:"


def is_of_batch(error: BaseException) -> bool:
    """Whether the script itself failed: at what this batch asks or what it found.

    The server is well then, and the next batch may be.
    """
    return isinstance(error, ResponseError) and str(error).startswith(_IN_SCRIPT)


class Asked(NamedTuple):
    """One request's takes. `ahead_us` is how far each counter is to be ahead at least."""

    uses: Sequence[RateUse]
    cost: int
    now_us: int
    ahead_us: Sequence[int]


def arguments(
    batch: Iterable[Asked], names: Mapping[str, bytes], clock_us: int
) -> tuple[list[bytes], list[int]]:
    """KEYS and ARGV of a batch; `names` are the keys of counters.

    `clock_us` is the time to count by, 0 for the server's own.
    """
    places: dict[str, int] = {}
    numbers = [clock_us]
    for uses, cost, _, ahead in batch:
        numbers += (cost, len(uses))
        for (counter, limit), least_us in zip(uses, ahead, strict=True):
            place = places.setdefault(counter, len(places) + 1)
            tolerance_us = min(limit.tolerance_us, EXACT_MAX)
            numbers += (place, limit.interval_us, tolerance_us, least_us)
    return [names[counter] for counter in places], numbers


def answers(batch: Iterable[Asked], told: Sequence[int]) -> list[Left | Slowed]:
    """What the script's answer says to each request of the batch."""
    found: list[Left | Slowed] = []
    at = 0
    for asked in batch:
        passes, ahead = told[at], told[at + 1 : at + 1 + len(asked.uses)]
        at += 1 + len(asked.uses)
        found.append(_answer(asked, ahead, passes=bool(passes)))
    return found


def _answer(asked: Asked, ahead: Sequence[int], *, passes: bool) -> Left | Slowed:
    now_us = asked.now_us
    cost = 0 if passes else asked.cost
    taken = tuple(
        stood(limit, now_us + ahead_us, cost, now_us)
        for (_, limit), ahead_us in zip(asked.uses, ahead, strict=True)
    )
    return left_of(taken) if passes else Slowed(taken)
