-- wrk: each request is another made-up person, from a file of tickets (`maninso rehearse --write-tickets`), entered
-- where the last run ended. A request is three strings put together: the generator shares the machine with what it
-- measures. (One thread only.)
local file = io.open(os.getenv("TICKETS"))
local head, tail
file:seek("set", tonumber(os.getenv("FIRST") or "0"))
at, signer = 0, nil

function setup(thread)
  signer = thread
end

function init()
  local blank = wrk.format("POST", os.getenv("TARGET"),
    {["Content-Type"] = "application/json", ["Authorization"] = "Ticket @"}, "{}")
  head, tail = blank:match("^(.*)@(.*)$")
end

function request()
  local ticket = file:read("l")
  if not ticket then
    file:seek("set", 0)
    ticket = file:read("l")
  end
  at = at + #ticket + 1
  return head .. ticket .. tail
end

function done(summary, latency)
  io.write(string.format("RESULT %d %d %.3f %.3f %d %d\n", summary.requests, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.errors.status, signer:get("at")))
end
