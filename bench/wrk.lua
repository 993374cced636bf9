-- Behind `--` on the command line stand `same` or `varied`, and the body of POSTs,
-- if it is POSTs. Varied, no two requests have the same path or the same headers.
local count = 0

function init(args)
  if args[1] == "varied" then
    request = function()
      count = count + 1
      wrk.headers["Traceparent"] = string.format("00-%032x-%016x-01", count, count)
      return wrk.format(nil, wrk.path .. "items/" .. count)
    end
  end
  if args[2] then
    wrk.method = "POST"
    wrk.body = args[2]
    wrk.headers["Content-Type"] = "application/json"
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
