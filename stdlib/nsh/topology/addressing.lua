-- Which subnet each segment has, and which addresses its hosts and routers have in it.

local address = require("nsh.topology.address")
local read = require("nsh.topology.read")

local addressing = {}

---Where subnets are taken from, unless `pool` says otherwise.
local POOL = { inet = address.parse("10.0.0.0/8"), inet6 = address.parse("fd00::/16") }
local NAMES = { inet = "IPv4", inet6 = "IPv6" }
local SWITCHES = { inet = "ipv4", inet6 = "ipv6" }

---The families that the network speaks, in this order.
local function families(p)
  local out = {}
  for _, family in ipairs({ "inet", "inet6" }) do
    if p.options[SWITCHES[family]] ~= false then
      table.insert(out, family)
    end
  end
  return out
end

---Raises where the family of something given is switched off.
function addressing.check_family(p, a)
  if p.options[SWITCHES[a.family]] == false then
    read.wrong(
      a.path,
      ("%s is %s, which %s = false switches off"):format(address.text(a), NAMES[a.family], SWITCHES[a.family])
    )
  end
end

---The one of a segment's subnets that is the same as another.
local function same_subnet(segment, subnet)
  for _, there in ipairs(segment.subnets[subnet.family] or {}) do
    if address.equal(there, subnet) then
      return there
    end
  end
end

---Gives a segment subnets of a family that the table names; those that it names later must be among them.
local function claim(p, segment, subnets)
  local first = not segment.subnets[subnets[1].family]
  for _, subnet in ipairs(subnets) do
    addressing.check_family(p, subnet)
    local there = segment.subnets[subnet.family] or {}
    segment.subnets[subnet.family] = there
    if first and not same_subnet(segment, subnet) then
      table.insert(there, subnet)
    elseif not first and not same_subnet(segment, subnet) then
      local said = ("%s says %s"):format(there[1].path or segment.name, address.cidr(there[1]))
      read.wrong(subnet.path, ("%s, but %s"):format(address.cidr(subnet), said))
    end
  end
end

---The addresses that the table gives to hosts with one link.
local function addresses_of_hosts(p)
  for _, node in ipairs(p.nodes) do
    local given = node.options.addr
    if given and #node.ends ~= 1 then
      read.wrong(
        node.path .. ".addr",
        ("%s has %d links, so it is not clear which one is meant"):format(node.name, #node.ends),
        ("give the address with a link: { %q, ..., addr = { %s = ... } }"):format(node.name, node.name)
      )
    elseif given then
      if node.ends[1].given_addr then
        read.wrong(
          node.path .. ".addr",
          ("%s gives addresses of %s too"):format(node.ends[1].path_addr, node.name)
        )
      end
      node.ends[1].given_addr = given
    end
  end
end

---The subnets that are given, in so many words or by an address with a length.
local function given_subnets(p)
  for _, segment in ipairs(p.segments) do
    for _, subnets in ipairs(segment.claims) do
      for _, family in ipairs({ "inet", "inet6" }) do
        if subnets[family] then
          claim(p, segment, subnets[family])
        end
      end
    end
    for _, link in ipairs(segment.links) do
      for family, subnet in pairs(link.options.subnet or {}) do
        for _, e in ipairs(link.ends) do
          e.chosen = e.chosen or {}
          e.chosen[family] = same_subnet(segment, subnet)
        end
      end
    end
    for _, e in ipairs(segment.ends) do
      for _, a in ipairs(e.given_addr or {}) do
        if a.length and not segment.subnets[a.family] then
          local subnet = address.network(a)
          subnet.path = a.path
          claim(p, segment, { subnet })
        end
      end
    end
  end
end

---All subnets that are given, sorted; none may overlap another.
local function check_overlaps(p)
  ---@type nsh.topology.Address[], table<nsh.topology.Address, nsh.topology.Segment>
  local all, owner = {}, {}
  for _, segment in ipairs(p.segments) do
    for _, subnets in pairs(segment.subnets) do
      for _, subnet in ipairs(subnets) do
        table.insert(all, subnet)
        owner[subnet] = segment
      end
    end
  end
  table.sort(all, address.before)
  for i = 2, #all do
    local one, two = all[i - 1], all[i]
    if address.overlaps(one, two) then
      local in_order = owner[one].index < owner[two].index
      local earlier, later = in_order and one or two, in_order and two or one
      local other = ("%s of %s"):format(address.cidr(earlier), owner[earlier].name)
      read.wrong(later.path or "", ("%s overlaps %s"):format(address.cidr(later), other))
    end
  end
  return all
end

---What is in the way of an address or a subnet, if anything is.
local function in_the_way(p, a)
  for _, other in ipairs(p.taken) do
    if address.overlaps(other, a) then
      return other
    end
  end
end

---Whether a subnet that was worked out is in the way of nothing.
local function is_free(p, subnet)
  return not (p.automatic[address.key(subnet)] or in_the_way(p, subnet))
end

---The number that makes subnet 12 of IPv6 read as 12: `fd00:12::/64` stands beside 10.0.12.0/24.
local function digits(n)
  return n < 10000 and tonumber(tostring(n), 16) or n
end

---The length of automatic IPv4 subnets, from what the pool has room for: /24, or just what is needed in a small one.
local function length4(pool, needed)
  local length = pool.length <= 16 and 24 or 30
  while length > pool.length and address.room({ family = "inet", length = length }) < needed do
    length = length - 1
  end
  return length
end

---The subnet with the number `n`, counted from 1, of a pool.
local function candidate(pool, family, needed, n)
  if family == "inet6" and pool.length > 48 then
    return address.nth_subnet(pool, 64, n - 1)
  elseif family == "inet6" then
    -- The number stands in the 16 bits that follow the pool's.
    local stride = (pool.length + 15) // 16 * 16 + 16
    local subnet = address.nth_subnet(pool, stride, digits(n))
    return subnet and { family = family, hi = subnet.hi, lo = subnet.lo, length = 64 }
  end
  local length = length4(pool, needed)
  return address.nth_subnet(pool, length, pool.length <= 16 and n or n - 1)
end

---A segment's own number if that is free, so that a subnet that is given renumbers no other; else the next one.
local function automatic(p, segment, family)
  local pool = p.pool[family]
  local tried = 0
  local needed = math.max(#segment.ends, 2)
  local standard = family == "inet6" and pool.length <= 48
    or family == "inet" and pool.length <= 16 and length4(pool, needed) == 24
  local n = segment.index
  if not standard then
    -- Large ones begin behind the numbers of all; in a small pool they stand close together.
    n = pool.length <= 16 and (#p.segments >> 24 - length4(pool, needed)) + 1 or 1
  end
  while true do
    local subnet = candidate(pool, family, needed, n)
    if not subnet then
      local why = ("%s has no room for the subnet of %s"):format(address.cidr(pool), segment.name)
      read.wrong("pool", why, "give a larger pool, or some of the subnets")
    elseif is_free(p, subnet) then
      p.automatic[address.key(subnet)] = true
      if not standard or n ~= segment.index then
        table.insert(p.taken, subnet)
      end
      return subnet
    end
    -- Other segments' own numbers are left to them.
    tried = tried + 1
    n = standard and #p.segments + tried or n + 1
  end
end

---Where the addresses of loopbacks come from: the end of the pool.
local function loopback_pool(pool)
  local last = pool.family == "inet" and math.min(pool.length + 8, 32)
    or math.min(64, (pool.length + 15) // 16 * 16 + 16)
  return address.nth_subnet(pool, last, (1 << math.min(last - pool.length, 16)) - 1)
end

---Addresses that only one may have.
local function take(p, a, path)
  local key = address.key(a)
  if p.used[key] then
    read.wrong(path, ("%s is used already, by %s"):format(address.text(a), p.used[key]))
  end
  p.used[key] = path
end

---The addresses of loopbacks that the table gives.
local function given_loopbacks(p)
  for _, node in ipairs(p.nodes) do
    node.loopbacks = {}
    local old = p.made[node.name]
    for _, a in ipairs(old and old.loopbacks or node.options.loopback or {}) do
      addressing.check_family(p, a)
      local bits = address.bits(a.family)
      if a.length and a.length ~= bits then
        read.wrong(a.path, ("a loopback has an address alone: %s/%d"):format(address.text(a), bits))
      end
      take(p, a, a.path)
      table.insert(node.loopbacks, a)
      table.insert(
        p.taken,
        { family = a.family, hi = a.hi, lo = a.lo, length = bits, path = a.path, name = node.name }
      )
    end
  end
end

---The first of some addresses that is of a family.
local function first_of(addrs, family)
  for _, a in ipairs(addrs) do
    if a.family == family then
      return a
    end
  end
end

---Gives each router an address on lo of a family, where the table gives none: that of its own number among the routers,
---or, if something is in the way there, the next one behind the numbers of all.
local function automatic_loopbacks(p, family)
  local pool, routers = loopback_pool(p.pool[family]), {}
  for _, node in ipairs(p.nodes) do
    if node.kind == "router" then
      table.insert(routers, node)
    end
  end
  local first, last = address.range(pool)
  ---@type integer?
  local spare = first + #routers
  for i, node in ipairs(routers) do
    ---@type integer?
    local n = first + i - 1
    while not first_of(node.loopbacks, family) do
      if not n or n > last then
        local why = address.cidr(pool) .. " at its end has no room for all loopbacks"
        read.wrong("pool", why, "give a larger pool")
      end
      local a = address.nth(pool, n)
      a.length = address.bits(family)
      local other = in_the_way(p, a)
      if not other then
        take(p, a, node.path)
        table.insert(node.loopbacks, a)
      end
      if n == spare and other then
        spare = address.behind(pool, other)
      elseif n == spare then
        spare = n + 1
      end
      n = spare
    end
  end
  table.insert(p.taken, pool)
end

---The one of a segment's subnets in which an address is, else the first.
local function subnet_of(segment, a)
  for _, subnet in ipairs(segment.subnets[a.family]) do
    if address.contains(subnet, { family = a.family, hi = a.hi, lo = a.lo }) then
      return subnet
    end
  end
  return segment.subnets[a.family][1]
end

---All subnets of a segment of a family, for an error.
local function subnets_text(segment, family)
  local out = {}
  for i, subnet in ipairs(segment.subnets[family]) do
    out[i] = address.cidr(subnet)
  end
  return ("the subnet%s of %s, %s"):format(#out > 1 and "s" or "", segment.name, table.concat(out, ", "))
end

---Puts a given address into its subnet.
local function place(p, segment, e, a)
  addressing.check_family(p, a)
  local subnet = subnet_of(segment, a)
  if not a.length and not subnet.path and not segment.old then
    local why = ("%s has no prefix length, and no %s subnet of %s is given"):format(
      address.text(a),
      NAMES[a.family],
      segment.name
    )
    read.wrong(
      a.path,
      why,
      ("write it as %q, say"):format(address.text(a) .. (a.family == "inet" and "/24" or "/64"))
    )
  elseif
    a.length
    and a.length ~= subnet.length
    and address.contains(subnet, { family = a.family, hi = a.hi, lo = a.lo })
  then
    read.wrong(
      a.path,
      ("%s has another length than the subnet of %s, %s"):format(
        address.cidr(a),
        segment.name,
        address.cidr(subnet)
      )
    )
  elseif not address.contains(subnet, a) then
    read.wrong(a.path, ("%s is outside %s"):format(address.text(a), subnets_text(segment, a.family)))
  end
  local first, last = address.range(subnet)
  local from, to = address.nth(subnet, first), address.nth(subnet, last)
  if a.family == "inet" and (a.lo < from.lo or a.lo > to.lo) then
    local what = a.lo < from.lo and "the subnet's own address" or "its broadcast address"
    read.wrong(a.path, ("%s is %s, no host's"):format(address.text(a), what))
  end
  take(p, a, a.path)
  local own = { family = a.family, hi = a.hi, lo = a.lo, length = subnet.length }
  table.insert(e.addrs, own)
end

---Whether one of an end's addresses is in a subnet.
local function is_in(e, subnet)
  for _, a in ipairs(e.addrs) do
    if address.contains(subnet, a) then
      return true
    end
  end
  return false
end

---Whether an end is still to get an address of a subnet. Routers get one of each, hosts one of the first, unless their
---link says which.
local function wants(segment, e, subnet)
  local chosen = e.chosen and e.chosen[subnet.family]
  if e.pinned or chosen and chosen ~= subnet or is_in(e, subnet) then
    return false
  elseif e.node.kind == "router" then
    return true
  end
  local first = segment.subnets[subnet.family][1]
  return not first_of(e.addrs, subnet.family) and (chosen or first) == subnet
end

---Gives the rest of a segment's ends the next free addresses of a subnet.
local function fill(p, segment, subnet)
  local n, last = address.range(subnet)
  for _, e in ipairs(segment.ends) do
    if wants(segment, e, subnet) then
      local a = address.nth(subnet, n)
      while n <= last and p.used[address.key(a)] do
        n = n + 1
        a = address.nth(subnet, n)
      end
      if n > last then
        local room = ("%s has room for %d"):format(address.cidr(subnet), address.room(subnet))
        local why = ("%s, too few for the %d addresses of %s"):format(room, #segment.ends, segment.name)
        read.wrong(subnet.path or segment.path, why)
      end
      take(p, a, segment.path)
      table.insert(e.addrs, a)
      n = n + 1
    end
  end
end

---Leaves the subnets of a segment that is there as they are.
local function pin_segment(segment, old)
  if segment.old and segment.old ~= old then
    local names = { segment.old.name, old.name }
    table.sort(names)
    local what = ("this joins %s and %s, which have subnets of their own"):format(names[1], names[2])
    read.wrong("", what, "put a router between them, or join them in the table")
  end
  segment.old = old
  for family, subnets in pairs(old.subnets) do
    segment.subnets[family] = subnets
  end
end

---Leaves the addresses of a network that is there as they are: `p.pins` has, by end, the end that it was.
local function pin(p)
  for _, segment in ipairs(p.segments) do
    for _, e in ipairs(segment.ends) do
      local old = p.pins[e]
      if old then
        pin_segment(segment, old.link.segment)
        e.pinned, e.addrs = true, table.move(old.addrs, 1, #old.addrs, 1, {})
        for _, a in ipairs(e.addrs) do
          take(p, a, e.link.path)
        end
      end
    end
  end
end

---Works out what is not given. Nothing depends on anything but the table and its order.
function addressing.work_out(p)
  p.families, p.used, p.automatic = families(p), {}, {}
  p.pool = { inet = POOL.inet, inet6 = POOL.inet6 }
  for family, pool in pairs(p.options.pool or {}) do
    addressing.check_family(p, pool)
    if family == "inet6" and pool.length > 64 then
      read.wrong(pool.path, ("%s is too small: each subnet is a /64"):format(address.cidr(pool)))
    end
    p.pool[family] = pool
  end
  addresses_of_hosts(p)
  pin(p)
  given_subnets(p)
  p.taken = check_overlaps(p)
  given_loopbacks(p)
  for _, family in ipairs(p.options.loopbacks and p.families or {}) do
    automatic_loopbacks(p, family)
  end
  for _, segment in ipairs(p.segments) do
    for _, family in ipairs(p.families) do
      if #segment.ends > 0 then
        segment.subnets[family] = segment.subnets[family] or { automatic(p, segment, family) }
      end
    end
    for _, e in ipairs(segment.ends) do
      for _, a in ipairs(not e.pinned and e.given_addr or {}) do
        place(p, segment, e, a)
      end
    end
    for _, family in ipairs(p.families) do
      for _, subnet in ipairs(segment.subnets[family] or {}) do
        fill(p, segment, subnet)
      end
    end
    for _, e in ipairs(segment.ends) do
      table.sort(e.addrs, function(a, b)
        return a.family < b.family
      end)
    end
  end
end

---The address of a family by which an end is the neighbour of another, alone: one of a subnet that both have.
function addressing.between(own, there, family)
  for _, a in ipairs(there.addrs) do
    if a.family == family and is_in(own, address.network(a)) then
      return address.text(a)
    end
  end
end

---An end's first address of a family, alone.
function addressing.of(e, family)
  local a = first_of(e.addrs, family)
  return a and address.text(a)
end

return addressing
