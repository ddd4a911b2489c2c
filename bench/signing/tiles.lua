-- wrk: tile after tile of a log, TILES of them below TARGET, as who recounts reads them; the summary is get.lua's.
dofile(os.getenv("SCRIPTS") .. "/get.lua")
local number, tiles, target = 0, tonumber(os.getenv("TILES")), os.getenv("TARGET")
function request()
  local path = string.format("%03d", number % 1000)
  if number >= 1000 then
    path = string.format("x%03d/", math.floor(number / 1000)) .. path
  end
  number = (number + 1) % tiles
  return wrk.format("GET", target .. "/" .. path)
end
