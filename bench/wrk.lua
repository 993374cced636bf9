-- Behind `--` on the command line stand `same` or `varied`, a file of keys or `-`, and
-- the body of POSTs, if it is POSTs. Varied, no two requests have the same path or the
-- same headers, nor the same body where that has a `@N@`. With keys each request has
-- the next of them: in X-API-Key, or at the body's `@KEY@`.
local count = 0
local keys = {}
local made = {}

local function with_key(body, key)
  if body and body:find("@KEY@", 1, true) then
    return body:gsub("@KEY@", key)
  end
  wrk.headers["X-API-Key"] = key
  return body
end

function init(args)
  local body = args[3]
  if args[2] ~= "-" then
    for key in io.lines(args[2]) do keys[#keys + 1] = key end
  end
  if body then
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = body
  end
  if args[1] == "varied" then
    request = function()
      count = count + 1
      local told = body
      if #keys > 0 then told = with_key(told, keys[count % #keys + 1]) end
      if told then
        return wrk.format(nil, nil, nil, (told:gsub("@N@", count)))
      end
      wrk.headers["Traceparent"] = string.format("00-%032x-%016x-01", count, count)
      return wrk.format(nil, wrk.path .. "items/" .. count)
    end
  elseif #keys > 0 then
    for number = 1, #keys do
      made[number] = wrk.format(nil, nil, nil, with_key(body, keys[number]))
    end
    request = function()
      count = count % #made + 1
      return made[count]
    end
  end
end

-- wrk's own sums as one line of JSON.
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\nSUMS {"requests":%d,"duration_us":%d,"connect":%d,"read":%d,"write":%d,'
      .. '"status":%d,"timeout":%d,"p50_us":%d,"p99_us":%d}\n',
    summary.requests, summary.duration, e.connect, e.read, e.write,
    e.status, e.timeout, latency:percentile(50), latency:percentile(99)))
end
