-- wrk: signs as sign.lua does, and counts each status that comes back.
dofile((os.getenv("SCRIPTS") or ".") .. "/sign.lua")
counted = ""
local counts = {}

function response(status)
  counts[status] = (counts[status] or 0) + 1
  counted = ""
  for each, number in pairs(counts) do counted = counted .. each .. "=" .. number .. "," end
end

local summarise = done
function done(summary, latency, requests)
  summarise(summary, latency, requests)
  io.write("STATUSES " .. signer:get("counted") .. "\n")
end
