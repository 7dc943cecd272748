-- wrk: one client-credentials request, over and over. Addresses and the secret are those of loadtest/manifests.
wrk.method = "POST"
wrk.body = "grant_type=client_credentials&scope=orders%3Aread"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
-- load.service:secret-of-the-load-test
wrk.headers["Authorization"] = "Basic bG9hZC5zZXJ2aWNlOnNlY3JldC1vZi10aGUtbG9hZC10ZXN0"

-- One line that run.sh reads: requests, seconds, answers that were no token, and latencies in milliseconds.
function done(summary, latency)
  local faults = summary.errors
  local failed = faults.connect + faults.read + faults.write + faults.status + faults.timeout
  io.write(string.format("RESULT %d %.3f %d %.2f %.2f\n", summary.requests, summary.duration / 1e6, failed, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
