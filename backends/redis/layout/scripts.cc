#include "backends/redis/layout/scripts.h"

namespace quipu::redis::scripts {

// Changes collections.
//   KEYS: locks, done, next, versions, collections, then hash and order of each collection
//   ARGV: the call's number, the holder of locks or "", the number of stripes, these; for each collection ""
//   or
//         "+" and its persist file, which makes it when there is none; then runs of operations: "put" or
//         "delete", the collection's place, how many, and their keys (and values)
// Returns "done" and how many keys were removed; "locked"; "lost", where a stripe is not the holder's; or
// "unordered" and the place of a collection of which somebody else has changed the keys.
const Script& write() {
  static const Script script(R"(
local locks, done, next_number, versions, collections = unpack(KEYS, 1, 5)
local last = redis.call('GET', done)
if last then
  local call, removed = string.match(last, '^(%S+) (%d+)$')
  if call == ARGV[1] then return {'done', tonumber(removed)} end
end
local holder, stripes = ARGV[2], tonumber(ARGV[3])
local at = 4 + stripes
if stripes > 0 and redis.call('EXISTS', locks) == 1 then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  for _, held in ipairs(redis.call('HMGET', locks, unpack(ARGV, 4, at - 1))) do
    local owner, till = string.match(held or '', '^(%S+) (%d+)$')
    if holder ~= '' then
      if owner ~= holder then return {'lost'} end
    elseif owner and tonumber(till) > now then
      return {'locked'}
    end
  end
elseif holder ~= '' and stripes > 0 then
  return {'lost'}
end
for i = 6, #KEYS, 2 do
  local keys, numbers = redis.call('HLEN', KEYS[i]), redis.call('ZCARD', KEYS[i + 1])
  if keys ~= numbers then return {'unordered', (i - 6) / 2} end
end
for i = 6, #KEYS, 2 do
  local info = ARGV[at]
  at = at + 1
  if info ~= '' and redis.call('HEXISTS', collections, KEYS[i]) == 0 then
    redis.call('HSET', collections, KEYS[i], redis.call('INCR', next_number) .. ' ' .. string.sub(info, 2))
  end
  redis.call('HINCRBY', versions, KEYS[i], 1)
end
local removed = 0
while at <= #ARGV do
  local place, count = 6 + 2 * tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local hash, order = KEYS[place], KEYS[place + 1]
  local is_put = ARGV[at] == 'put'
  at = at + 3
  if is_put then
    redis.call('HSET', hash, unpack(ARGV, at, at + 2 * count - 1))
    local number = redis.call('INCRBY', next_number, count) - count
    local numbered = {}
    for i = 1, count do
      numbered[2 * i - 1] = number + i
      numbered[2 * i] = ARGV[at + 2 * i - 2]
    end
    redis.call('ZADD', order, 'NX', unpack(numbered))
    at = at + 2 * count
  else
    removed = removed + redis.call('HDEL', hash, unpack(ARGV, at, at + count - 1))
    redis.call('ZREM', order, unpack(ARGV, at, at + count - 1))
    at = at + count
  end
end
redis.call('SET', done, ARGV[1] .. ' ' .. removed, 'EX', 300)
return {'done', removed}
)");
  return script;
}

// Makes a collection, or gives one that is there the persist file that it lacks.
//   KEYS: collections, next   ARGV: hash, persist file
const Script& declare() {
  static const Script script(R"(
local info = redis.call('HGET', KEYS[1], ARGV[1])
local number = info and string.match(info, '^(%d+) $')
if not info then number = redis.call('INCR', KEYS[2]) end
if number then redis.call('HSET', KEYS[1], ARGV[1], number .. ' ' .. ARGV[2]) end
return 1
)");
  return script;
}

// Removes a collection.
//   KEYS: done, versions, collections, hash, order   ARGV: the call's number
// Returns 1 when it was there.
const Script& drop() {
  static const Script script(R"(
local last = redis.call('GET', KEYS[1])
if last then
  local call, was = string.match(last, '^(%S+) (%d+)$')
  if call == ARGV[1] then return tonumber(was) end
end
local was = redis.call('EXISTS', KEYS[4])
redis.call('UNLINK', KEYS[4], KEYS[5])
if redis.call('HDEL', KEYS[3], KEYS[4]) == 1 then was = 1 end
redis.call('HINCRBY', KEYS[2], KEYS[4], 1)
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. was, 'EX', 300)
return was
)");
  return script;
}

// Numbers keys of a hash that others have written, some at a time, in the order in which Redis has them.
//   KEYS: hash, order, next   ARGV: where HSCAN goes on
const Script& number_keys() {
  static const Script script(R"(
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', 1000)
for i = 1, #page[2], 2 do
  if not redis.call('ZSCORE', KEYS[2], page[2][i]) then
    redis.call('ZADD', KEYS[2], redis.call('INCR', KEYS[3]), page[2][i])
  end
end
return page[1]
)");
  return script;
}

// Forgets numbers of keys that others have removed.
//   KEYS: hash, order   ARGV: where ZSCAN goes on
const Script& forget_keys() {
  static const Script script(R"(
local page = redis.call('ZSCAN', KEYS[2], ARGV[1], 'COUNT', 1000)
for i = 1, #page[2], 2 do
  if redis.call('HEXISTS', KEYS[1], page[2][i]) == 0 then redis.call('ZREM', KEYS[2], page[2][i]) end
end
return page[1]
)");
  return script;
}

// Takes stripes, all of them or none.
//   KEYS: locks   ARGV: the holder, for how many milliseconds, "1" if he has waited long, stripes
// Who has waited long leaves a note, and whoever comes after him waits, too.
// Returns 1, or 0 where somebody else has one of them.
const Script& lock() {
  static const Script script(R"(
local locks, holder = KEYS[1], ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function is_others(held)
  local owner, till = string.match(held or '', '^(%S+) (%d+)$')
  return owner and owner ~= holder and tonumber(till) > now
end
local waiting = redis.call('HGET', locks, 'waiting')
local free = not is_others(waiting)
local entries = {}
for i, held in ipairs(redis.call('HMGET', locks, unpack(ARGV, 4))) do
  if is_others(held) then
    if ARGV[3] == '1' and free then
      redis.call('HSET', locks, 'waiting', holder .. ' ' .. string.format('%.0f', now + 1000))
    end
    return 0
  end
  entries[2 * i - 1] = ARGV[3 + i]
  entries[2 * i] = holder .. ' ' .. string.format('%.0f', now + ARGV[2])
end
if not free then return 0 end
if waiting then redis.call('HDEL', locks, 'waiting') end
redis.call('HSET', locks, unpack(entries))
redis.call('PEXPIRE', locks, 10 * ARGV[2])
return 1
)");
  return script;
}

// Gives stripes back that the holder still has.
//   KEYS: locks   ARGV: the holder, stripes
const Script& unlock() {
  static const Script script(R"(
for i, held in ipairs(redis.call('HMGET', KEYS[1], unpack(ARGV, 2))) do
  if held and string.match(held, '^%S+') == ARGV[1] then redis.call('HDEL', KEYS[1], ARGV[1 + i]) end
end
return 1
)");
  return script;
}

// Adds to a hash of a bulk load.
//   KEYS: hash, order, next   ARGV: for how many seconds they stay, keys and values in turn
const Script& load() {
  static const Script script(R"(
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
local count = (#ARGV - 1) / 2
local number = redis.call('INCRBY', KEYS[3], count) - count
local numbered = {}
for i = 1, count do
  numbered[2 * i - 1] = number + i
  numbered[2 * i] = ARGV[2 * i]
end
redis.call('ZADD', KEYS[2], 'NX', unpack(numbered))
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[1])
return 1
)");
  return script;
}

// Makes collections of the hashes of a bulk load, or adds them to those that are there.
//   KEYS: done, versions, collections, next; then for each collection hash and order, and those of the load
//   ARGV: the call's number, each collection's persist file
// Returns 0; or the place, from 1, of a collection of which somebody else has changed the keys.
const Script& commit_load() {
  static const Script script(R"(
local done, versions, collections, next_number = unpack(KEYS, 1, 4)
if redis.call('GET', done) == ARGV[1] .. ' 0' then return 0 end
for i = 5, #KEYS, 4 do
  if redis.call('HLEN', KEYS[i]) ~= redis.call('ZCARD', KEYS[i + 1]) then return (i - 1) / 4 end
end
local function copy(hash, order, from, from_order)
  local at = 0
  while true do
    local ordered = redis.call('ZRANGE', from_order, at, at + 999, 'WITHSCORES')
    if #ordered == 0 then return end
    local keys, numbered = {}, {}
    for i = 1, #ordered, 2 do
      keys[#keys + 1] = ordered[i]
      numbered[i], numbered[i + 1] = ordered[i + 1], ordered[i]
    end
    local pairs_ = {}
    for i, value in ipairs(redis.call('HMGET', from, unpack(keys))) do
      pairs_[2 * i - 1], pairs_[2 * i] = keys[i], value
    end
    redis.call('HSET', hash, unpack(pairs_))
    redis.call('ZADD', order, 'NX', unpack(numbered))
    at = at + 1000
  end
end
for i = 5, #KEYS, 4 do
  local hash, order, from, from_order = unpack(KEYS, i, i + 3)
  local file = ARGV[1 + (i - 1) / 4]
  local info = redis.call('HGET', collections, hash)
  if not info then
    redis.call('HSET', collections, hash, redis.call('INCR', next_number) .. ' ' .. file)
  elseif string.match(info, '^%d+ $') then
    redis.call('HSET', collections, hash, info .. file)
  end
  if redis.call('EXISTS', hash) == 1 then
    copy(hash, order, from, from_order)
    redis.call('UNLINK', from, from_order)
  elseif redis.call('EXISTS', from) == 1 then
    redis.call('RENAME', from, hash)
    redis.call('RENAME', from_order, order)
    redis.call('PERSIST', hash)
    redis.call('PERSIST', order)
  end
  redis.call('HINCRBY', versions, hash, 1)
end
redis.call('SET', done, ARGV[1] .. ' 0', 'EX', 300)
return 0
)");
  return script;
}

// All of a collection, at one moment, in insertion order; keys without a number are the last.
//   KEYS: hash, order   ARGV: at most so many keys, so many bytes; "1": only keys
// Returns keys, numbers (or "") and values in turn, or false where it is larger.
const Script& read_whole() {
  static const Script script(R"(
local count = redis.call('HLEN', KEYS[1])
if count > tonumber(ARGV[1]) then return false end
local most, keys_only = tonumber(ARGV[2]), ARGV[3] == '1'
local flat, bytes, numbered = {}, 0, {}
local function take(keys, numbers)
  for from = 1, #keys, 100 do
    local to = math.min(from + 99, #keys)
    for i, value in ipairs(redis.call('HMGET', KEYS[1], unpack(keys, from, to))) do
      if value then
        local key = keys[from + i - 1]
        bytes = bytes + #key + (keys_only and 0 or #value)
        if bytes > most then return false end
        numbered[key] = true
        local n = #flat
        flat[n + 1], flat[n + 2], flat[n + 3] = key, numbers[from + i - 1] or '', keys_only and '' or value
      end
    end
  end
  return true
end
local ordered, keys, numbers = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES'), {}, {}
for i = 1, #ordered, 2 do
  keys[#keys + 1] = ordered[i]
  numbers[#keys] = ordered[i + 1]
end
if not take(keys, numbers) then return false end
if #flat < 3 * count then
  local others = {}
  for _, key in ipairs(redis.call('HKEYS', KEYS[1])) do
    if not numbered[key] then others[#others + 1] = key end
  end
  -- A small hash has the order in which its keys came; that of a large one changes by itself.
  if redis.call('OBJECT', 'ENCODING', KEYS[1]) == 'hashtable' then table.sort(others) end
  if not take(others, {}) then return false end
end
return flat
)");
  return script;
}

// Some of a collection, in insertion order or the other way round.
//   KEYS: hash, order   ARGV: the number to begin with, as ZRANGEBYSCORE has it; "1": backwards; at most so
//   many
//         keys, about so many bytes; "1": only keys
// Returns the number to go on behind, or "end"; then keys, numbers and values in turn.
const Script& read_page() {
  static const Script script(R"(
local most, most_bytes, keys_only = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1'
local ordered
if ARGV[2] == '1' then
  ordered = redis.call('ZREVRANGEBYSCORE', KEYS[2], ARGV[1], '-inf', 'WITHSCORES', 'LIMIT', 0, most)
else
  ordered = redis.call('ZRANGEBYSCORE', KEYS[2], ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, most)
end
local flat, bytes = {'end'}, 0
for from = 1, #ordered, 100 do
  local to, keys = math.min(from + 99, #ordered), {}
  for i = from, to, 2 do keys[#keys + 1] = ordered[i] end
  for i, value in ipairs(redis.call('HMGET', KEYS[1], unpack(keys))) do
    if value then
      bytes = bytes + #keys[i] + (keys_only and 0 or #value)
      local n = #flat
      flat[n + 1], flat[n + 2], flat[n + 3] = keys[i], ordered[from + 2 * i - 1], keys_only and '' or value
    end
  end
  if bytes > most_bytes or to == 2 * most then
    flat[1] = ordered[to]
    return flat
  end
end
return flat
)");
  return script;
}

// The values of keys, as many as make about so many bytes, but one at least.
//   KEYS: hash, order   ARGV: so many bytes, keys
// Returns for each of the first keys "1", its number or "", and its value; or "0", "", "" where it is not
// there.
const Script& read_keys() {
  static const Script script(R"(
local most, flat, bytes = tonumber(ARGV[1]), {}, 0
for from = 2, #ARGV, 50 do
  local to = math.min(from + 49, #ARGV)
  for i, value in ipairs(redis.call('HMGET', KEYS[1], unpack(ARGV, from, to))) do
    local n = #flat
    flat[n + 1], flat[n + 2], flat[n + 3] = '0', '', ''
    if value then
      flat[n + 1], flat[n + 3] = '1', value
      flat[n + 2] = redis.call('ZSCORE', KEYS[2], ARGV[from + i - 1]) or ''
      bytes = bytes + #value
    end
  end
  if bytes > most then return flat end
end
return flat
)");
  return script;
}

// Keys of a hash without their values, some at a time. A key may come more than once.
//   KEYS: hash   ARGV: where HSCAN goes on
// Returns where it goes on, "0" at the end; then keys.
const Script& list_keys() {
  static const Script script(R"(
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', 1000)
local flat = {page[1]}
for i = 1, #page[2], 2 do flat[#flat + 1] = page[2][i] end
return flat
)");
  return script;
}

}  // namespace quipu::redis::scripts
