-- What wrk sends, by KIND, and one line of JSON in the end. Whatever is used once comes from a queue: lines of the file IN,
-- or what the answers before gave. What answers give for the next run goes to the file OUT.

local kind = os.getenv("KIND")
local path, authorization, cookie = os.getenv("TARGET"), os.getenv("AUTHORIZATION"), os.getenv("COOKIE")
local authorize, token = os.getenv("AUTHORIZE"), os.getenv("TOKEN")
local form = { ["Content-Type"] = "application/x-www-form-urlencoded", ["Authorization"] = authorization }
local redirect = "&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback"
local verifier = "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

local queue, first, last = {}, 1, 0
local out

local function push(text)
  last = last + 1
  queue[last] = text
end

local function pop()
  local text = queue[first]
  if text then
    queue[first] = nil
    first = first + 1
  end
  return text
end

-- wrk keeps a script's state in its thread: what the end has to know goes through a global of that.
flows = 0
strange = 0
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

-- A run that has used everything up measures nothing: wrk counts the seconds until its end.
local function nothing_left()
  strange = strange + 1
  return wrk.format("GET", authorize)
end

local function redeem(code)
  return wrk.format("POST", token, form, "grant_type=authorization_code&code=" .. code .. redirect .. verifier)
end

local asks = {
  get = function() return wrk.format("GET", path, { ["Authorization"] = authorization }) end,
  post = function() return wrk.format("POST", path, form, os.getenv("BODY")) end,
  authorize = function() return wrk.format("GET", authorize, { ["Cookie"] = cookie }) end,
  code = function()
    local code = pop()
    return code and redeem(code) or nothing_left()
  end,
  refresh = function()
    local one = pop()
    return one and wrk.format("POST", token, form, "grant_type=refresh_token&refresh_token=" .. one) or nothing_left()
  end,
  flow = function()
    local code = pop()
    return code and redeem(code) or wrk.format("GET", authorize, { ["Cookie"] = cookie })
  end,
}
local fixed

function init()
  local file = os.getenv("IN")
  if file then
    for line in io.lines(file) do push(line) end
  end
  if kind == "get" or kind == "post" then fixed = asks[kind]() end
  local name = os.getenv("OUT")
  if name then
    out = io.open(name, "a")
    out:setvbuf("line") -- nobody closes it
  end
end

function request()
  return fixed or asks[kind]()
end

local function code_of(headers)
  local location = headers["Location"] or headers["location"] or ""
  return location:match("[?&]code=([^&]+)")
end

if kind == "authorize" or kind == "flow" or kind == "refresh" or kind == "code" then
  function response(status, headers, body)
    local code = (status == 302 or status == 303) and code_of(headers)
    local refreshed = status == 200 and body:match('"refresh_token":"([^"]+)"')
    if code and out then out:write(code, "\n") end
    if code and kind == "flow" then push(code) end
    if status == 200 and kind == "flow" then flows = flows + 1 end
    if refreshed and kind == "refresh" then push(refreshed) end
    if refreshed and kind == "code" and out then out:write(refreshed, "\n") end
    if not code and status ~= 200 then strange = strange + 1 end
  end
end

function done(summary, latency, requests)
  local flows, strange = 0, 0
  for _, thread in ipairs(threads) do
    flows = flows + (thread:get("flows") or 0)
    strange = strange + (thread:get("strange") or 0)
  end
  local seconds = summary.duration / 1e6
  local count = kind == "flow" and flows or summary.requests
  local errors = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write
    + summary.errors.timeout + strange
  io.write(string.format('{"rate":%.1f,"errors":%d,"p50_us":%d,"p99_us":%d}\n', count / seconds, errors,
    latency:percentile(50), latency:percentile(99)))
end
