-- wrk: each request is another made-up person, from a file of tickets (`maninso rehearse --write-tickets`).
local tickets = {}
for line in io.lines(os.getenv("TICKETS")) do tickets[#tickets + 1] = line end
local path = os.getenv("TARGET")
local at = tonumber(os.getenv("FIRST") or "0")

function request()
  at = at + 1
  local ticket = tickets[(at - 1) % #tickets + 1]
  return wrk.format("POST", path, {["Content-Type"] = "application/json", ["Authorization"] = "Ticket " .. ticket}, "{}")
end

function done(summary, latency)
  io.write(string.format("RESULT %d %d %.3f %.3f %d\n", summary.requests, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.errors.status))
end
