-- The purse: what is spent and held of each budget, and the entries that wait for the ledger.
-- Every call is one atomic step. Times are Redis's own, so that skewed clocks do not matter;
-- callers give spans in ms. Nothing here has a TTL: an eviction must never take a counter.
--   llm:budget:<key>  nano-USD spent or held        llm:budget:ends  key -> when to forget it
--   llm:hold:<id>     amount, cost, keys, entry     llm:hold:due     id -> when it is an orphan
--                     settled, lapsed               llm:hold:done    id -> when to forget it
local BUDGET, HOLD = 'llm:budget:', 'llm:hold:'
local ENDS, DUE, DONE = 'llm:budget:ends', 'llm:hold:due', 'llm:hold:done'
local call = redis.call
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local at = 2

local function next_arg()
  local value = ARGV[at]
  at = at + 1
  return value
end

local function whole(number)
  return string.format('%.0f', number)
end

-- A counter that is missing begins at what the caller last saw of it.
local function read_lines()
  local lines, keys = {}, {}
  for i = 1, tonumber(ARGV[2]) do
    local key = BUDGET .. ARGV[at + 1]
    lines[i] = {key = ARGV[at + 1], limit = tonumber(ARGV[at + 2]), need = 0,
                floor = ARGV[at + 3], ends = ARGV[at + 4]}
    keys[i] = key
    at = at + 4
  end
  at = at + 1
  if #keys == 0 then return lines end
  for i, used in ipairs(call('MGET', unpack(keys))) do
    local line = lines[i]
    if not used then
      used = line.floor
      call('SET', keys[i], used)
      if line.ends ~= '' then call('ZADD', ENDS, whole(now + line.ends), line.key) end
    end
    line.used = tonumber(used)
  end
  return lines
end

local function answer(first, lines)
  local reply = {first}
  for i, line in ipairs(lines) do reply[i + 1] = line.used end
  return reply
end

local function is_known(id)
  return call('EXISTS', HOLD .. id) == 1 or call('ZSCORE', DONE, id)
end

local function reserve()
  local lines, holds = read_lines(), {}
  for _ = 1, tonumber(next_arg()) do
    local hold = {id = next_arg(), amount = next_arg(), lease = next_arg(), cost = next_arg(),
                  entry = next_arg(), keys = {}}
    local mine = tonumber(next_arg())
    local new = not is_known(hold.id)
    for k = 1, mine do
      local line = lines[tonumber(next_arg())]
      hold.keys[k] = line.key
      if new then line.need = line.need + hold.amount end
    end
    if new then holds[#holds + 1] = hold end
  end
  for i, line in ipairs(lines) do
    if line.need > 0 and line.used + line.need > line.limit then return answer(i, lines) end
  end
  for _, line in ipairs(lines) do
    if line.need > 0 then
      line.used = line.used + line.need
      call('INCRBY', BUDGET .. line.key, whole(line.need))
    end
  end
  for _, hold in ipairs(holds) do
    call('HSET', HOLD .. hold.id, 'amount', hold.amount, 'cost', hold.cost,
               'entry', hold.entry, 'keys', table.concat(hold.keys, '\n'))
    call('ZADD', DUE, whole(now + hold.lease), hold.id)
  end
  return answer(0, lines)
end

-- A hold that was never heard of, or was forgotten, is charged in full.
local function settle()
  local lines = read_lines()
  local id, cost, entry, grace = next_arg(), next_arg(), next_arg(), next_arg()
  local known = call('HMGET', HOLD .. id, 'settled', 'amount')
  if known[1] or call('ZSCORE', DONE, id) then return answer(0, lines) end
  local delta = cost - (known[2] or 0)
  for _, line in ipairs(lines) do
    line.used = line.used + delta
    call('INCRBY', BUDGET .. line.key, whole(delta))
  end
  call('HSET', HOLD .. id, 'settled', '1', 'entry', entry)
  call('ZADD', DUE, whole(now + grace), id)
  return answer(0, lines)
end

local function booked()
  local kept, kept_lapsed = next_arg(), next_arg()
  for i = at, #ARGV do
    local known = call('HMGET', HOLD .. ARGV[i], 'settled', 'lapsed')
    if known[1] then
      call('DEL', HOLD .. ARGV[i])
      call('ZREM', DUE, ARGV[i])
      call('ZADD', DONE, whole(now + (known[2] and kept_lapsed or kept)), ARGV[i])
    end
  end
  return 0
end

local function forget(cut, most)
  call('ZREMRANGEBYSCORE', DONE, '-inf', cut)
  for _, key in ipairs(call('ZRANGEBYSCORE', ENDS, '-inf', cut, 'LIMIT', 0, most)) do
    call('DEL', BUDGET .. key)
    call('ZREM', ENDS, key)
  end
end

local function lapse(id, amount, cost, keys)
  for key in string.gmatch(keys, '[^\n]+') do
    if call('EXISTS', BUDGET .. key) == 1 then
      call('INCRBY', BUDGET .. key, whole(cost - amount))
    end
  end
  call('HSET', HOLD .. id, 'settled', '1', 'lapsed', '1')
end

local function orphans()
  local ahead, most, hidden = next_arg(), next_arg(), next_arg()
  local cut, entries = whole(now + ahead), {}
  forget(cut, most)
  for _, id in ipairs(call('ZRANGEBYSCORE', DUE, '-inf', cut, 'LIMIT', 0, most)) do
    local hold = call('HMGET', HOLD .. id, 'settled', 'amount', 'cost', 'keys', 'entry')
    if not hold[5] then
      call('ZREM', DUE, id)
    else
      if not hold[1] then lapse(id, hold[2], hold[3], hold[4]) end
      call('ZADD', DUE, whole(cut + hidden), id)
      entries[#entries + 1] = hold[5]
    end
  end
  return entries
end

return ({reserve = reserve, settle = settle, booked = booked, orphans = orphans})[ARGV[1]]()
