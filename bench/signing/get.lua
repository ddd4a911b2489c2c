-- wrk: plain requests; the summary in one line for the program that reads it.
function done(summary, latency)
  io.write(string.format("RESULT %d %d %.3f %.3f %d 0\n", summary.requests, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.errors.status))
end
