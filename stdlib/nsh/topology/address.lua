-- Addresses and prefixes of both families, as two 64-bit words. An IPv4 address stands in the last 32 bits, so that
-- all else is the same for both.

local address = {}

---@class nsh.topology.Address
---@field family "inet"|"inet6"
---@field hi integer
---@field lo integer
---@field path string? its place in the table, where it is given
---@field length integer? the prefix's length, as it is written

local BITS = { inet = 32, inet6 = 128 }

---How many bits an address of the family has.
function address.bits(family)
  return BITS[family]
end

---The number of bits before an address of the family.
local function offset(family)
  return 128 - BITS[family]
end

---The bits that a prefix of this length fixes.
local function masks(family, length)
  local bits = offset(family) + length
  return ~0 << (64 - math.min(bits, 64)), ~0 << (128 - math.max(bits, 64))
end

---@param text string
---@return integer?
local function parse4(text)
  local value, count = 0, 0
  for byte in (text .. "."):gmatch("(%d%d?%d?)%.") do
    value, count = value << 8 | tonumber(byte), count + 1
    if tonumber(byte) > 255 or byte:find("^0%d") then
      return nil
    end
  end
  if count == 4 and text:find("^%d+%.%d+%.%d+%.%d+$") then
    return value
  end
end

---The 16-bit groups of a part of an IPv6 address; an IPv4 address at its end makes two.
local function groups(text, last)
  local out = {}
  if text == "" then
    return out
  end
  for group in (text .. ":"):gmatch("([^:]*):") do
    local four = last and group:find(".", 1, true) and parse4(group)
    if four then
      table.insert(out, four >> 16)
      table.insert(out, four & 0xffff)
    elseif group:find("^%x%x?%x?%x?$") then
      table.insert(out, tonumber(group, 16))
    else
      return nil
    end
  end
  return out
end

---@param text string
---@return integer?, integer?
local function parse6(text)
  local before, after = text:match("^(.-)::(.*)$")
  local head, tail = groups(before or text, not before), groups(after or "", true)
  if not head or not tail then
    return nil
  end
  local zeros = 8 - #head - #tail
  if before and zeros < 1 or not before and zeros ~= 0 then
    return nil
  end
  for _ = 1, zeros do
    table.insert(head, 0)
  end
  table.move(tail, 1, #tail, #head + 1, head)
  local hi, lo = 0, 0
  for i = 1, 4 do
    hi, lo = hi << 16 | head[i], lo << 16 | head[i + 4]
  end
  return hi, lo
end

---Reads `10.0.1.1`, `10.0.1.0/24`, `fd00::1` or `fd00::/64`; nil for anything else.
---@return nsh.topology.Address?
function address.parse(text)
  local bare, length = text:match("^([^/]*)/(%d+)$")
  local bits = math.tointeger(tonumber(length))
  local four = parse4(bare or text)
  if four then
    return (bits or 0) <= 32 and { family = "inet", hi = 0, lo = four, length = bits } or nil
  end
  local hi, lo = parse6(bare or text)
  if hi and lo and (bits or 0) <= 128 then
    return { family = "inet6", hi = hi, lo = lo, length = bits }
  end
end

local function text6(a)
  local parts, run, from = {}, 0, 0
  for i = 0, 7 do
    local word = i < 4 and a.hi or a.lo
    parts[i + 1] = ("%x"):format(word >> (48 - i % 4 * 16) & 0xffff)
  end
  -- The longest run of at least two zeros becomes "::".
  for first = 1, 8 do
    local n = 0
    while parts[first + n] == "0" do
      n = n + 1
    end
    if n > run and n > 1 then
      run, from = n, first
    end
  end
  if run == 0 then
    return table.concat(parts, ":")
  end
  return table.concat(parts, ":", 1, from - 1) .. "::" .. table.concat(parts, ":", from + run)
end

---The address alone, as people write it.
function address.text(a)
  if a.family == "inet6" then
    return text6(a)
  end
  return ("%d.%d.%d.%d"):format(a.lo >> 24, a.lo >> 16 & 255, a.lo >> 8 & 255, a.lo & 255)
end

---With its prefix's length.
function address.cidr(a)
  return address.text(a) .. "/" .. (a.length or BITS[a.family])
end

---What tells an address from every other.
function address.key(a)
  return ("%s %x %x"):format(a.family, a.hi, a.lo)
end

---The network of a prefix of this length (its own, if left out) that has the address in it.
function address.network(a, length)
  length = length or a.length
  local hi, lo = masks(a.family, length)
  return { family = a.family, hi = a.hi & hi, lo = a.lo & lo, length = length }
end

function address.equal(a, b)
  return a.family == b.family and a.hi == b.hi and a.lo == b.lo and a.length == b.length
end

---Whether the address, or the whole other prefix, lies in the prefix.
function address.contains(prefix, a)
  if prefix.family ~= a.family or a.length and a.length < prefix.length then
    return false
  end
  local hi, lo = masks(prefix.family, prefix.length)
  return (a.hi ~ prefix.hi) & hi == 0 and (a.lo ~ prefix.lo) & lo == 0
end

---Whether two prefixes have an address in common.
function address.overlaps(a, b)
  return address.contains(a, b) or address.contains(b, a)
end

---Orders addresses, IPv4 first.
function address.before(a, b)
  if a.family ~= b.family then
    return a.family < b.family
  elseif a.hi ~= b.hi then
    return math.ult(a.hi, b.hi)
  elseif a.lo ~= b.lo then
    return math.ult(a.lo, b.lo)
  end
  return (a.length or 0) < (b.length or 0)
end

---The `n`th address of a prefix, from 0.
function address.nth(prefix, n)
  local lo = prefix.lo + n
  local carry = math.ult(lo, prefix.lo) and 1 or 0
  return { family = prefix.family, hi = prefix.hi + carry, lo = lo, length = prefix.length }
end

---The `n`th prefix of this length in a prefix, from 0; nil if there are not as many.
function address.nth_subnet(prefix, length, n)
  local room = length - prefix.length
  if room < 0 or room < 62 and n >= 1 << room then
    return nil
  end
  local shift = BITS[prefix.family] - length
  local hi, lo = prefix.hi, prefix.lo
  if shift >= 64 then
    hi = hi | n << (shift - 64)
  else
    hi, lo = hi | (shift > 0 and n >> (64 - shift) or 0), lo | n << shift
  end
  return { family = prefix.family, hi = hi, lo = lo, length = length }
end

---The numbers of the first and the last address of a prefix that hosts can have.
function address.range(prefix)
  local bits = BITS[prefix.family] - prefix.length
  local last = bits < 62 and (1 << bits) - 1 or math.maxinteger
  if bits < 2 then
    return 0, last
  end
  -- The first address is the network's (IPv4) or any router's (IPv6), the last one of IPv4 is the broadcast address.
  return 1, prefix.family == "inet" and last - 1 or last
end

---The number, in a prefix, of the first address behind another prefix that lies in it; nil if there is none, or it is
---too far away.
---@return any
function address.behind(prefix, other)
  local bits = BITS[prefix.family] - other.length
  if other.length <= prefix.length or bits >= 63 then
    return nil
  end
  local n = other.lo - prefix.lo + (1 << bits)
  return n > 0 and n or nil
end

---How many hosts a prefix has room for.
function address.room(prefix)
  local first, last = address.range(prefix)
  return last - first + 1
end

return address
