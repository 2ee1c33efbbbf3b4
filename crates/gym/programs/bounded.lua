-- Before this: local most, delay_ms. Stops the thread after so many answers; pauses between requests where it should.
local answered = 0

function delay()
  return delay_ms
end

function response()
  answered = answered + 1
  if answered >= most then
    wrk.thread:stop()
  end
end
