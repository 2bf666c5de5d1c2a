-- wrk sends the requests of a file, each once: every one carries a proof of its own, so none could be sent twice.
-- Arguments: the file ("LENGTH\n" before each request), and mean milliseconds between two requests of a connection.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  requests, position, pause = {}, 0, tonumber(args[2])
  while true do
    local length = file:read("*n")
    if not length then break end
    file:read(1)
    requests[#requests + 1] = file:read(length)
  end
  file:close()
  answered, limited, told, refused, missing = 0, 0, 0, 0, 0
end

function delay()
  -- at random, so that connections do not come in step
  return pause * 2 * math.random()
end

function request()
  position = position + 1
  if position > #requests then
    missing = missing + 1
    position = #requests
  end
  return requests[position]
end

function response(status, _, body)
  if status == 200 then
    answered = answered + 1
    if body:find('"use":{"id"', 1, true) then told = told + 1 end
  elseif status == 429 then
    limited = limited + 1
  else
    refused = refused + 1
  end
end

function done(summary, latency)
  local sums = { answered = 0, limited = 0, told = 0, refused = 0, missing = 0 }
  for _, thread in ipairs(threads) do
    for name in pairs(sums) do sums[name] = sums[name] + thread:get(name) end
  end
  local errors = summary.errors
  io.write(string.format(
    '\n{"seconds": %.6f, "answered": %d, "told": %d, "limited": %d, "refused": %d, "missing": %d, "broken": %d, '
      .. '"p50_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f}\n',
    summary.duration / 1e6, sums.answered, sums.told, sums.limited, sums.refused, sums.missing,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
