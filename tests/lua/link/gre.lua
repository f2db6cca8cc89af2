-- needs: ip, gre
local kinds = require("lib.kinds")
local ends = { ["local"] = "10.0.0.1", remote = "10.0.0.2" }
local function with(options)
  for name, value in pairs(ends) do
    options[name] = value
  end
  return options
end
local words = "local 10.0.0.1 remote 10.0.0.2 "

kinds.same("gre", {
  { add = ends, words = words },
  {
    add = with({ ttl = 9, tos = 0x10, key = 7 }),
    words = words .. "ttl 9 tos 10 key 7",
    seen = { ttl = 9, tos = 16, ikey = 7, okey = 7, iseq = false },
    set = {
      -- What isn't named stays.
      { { seq = true }, "seq", { ttl = 9, ikey = 7, iseq = true, oseq = true } },
      {
        { ttl = "inherit", csum = true },
        "ttl inherit csum",
        { ttl = 0, tos = 16, icsum = true, ocsum = true },
      },
      { { okey = false, ikey = 8 }, "nookey ikey 8", { ikey = 8, okey = nil } },
      { { key = "0.0.1.0" }, "key 256", { ikey = 256, okey = 256 } },
      {
        { seq = false, icsum = false },
        "noseq noicsum",
        { iseq = false, oseq = false, icsum = false, ocsum = true },
      },
    },
  },
  {
    add = with({ ikey = 1, okey = 2, iseq = true, ocsum = true, pmtudisc = false, ignore_df = true }),
    words = words .. "ikey 1 okey 2 iseq ocsum nopmtudisc ignore-df",
    set = {
      { { ignore_df = false }, "noignore-df" },
      { { pmtudisc = true, fwmark = 5 }, "pmtudisc fwmark 5", { pmtudisc = true, fwmark = 5, ikey = 1 } },
    },
  },
  {
    kind = "gretap",
    link = "eth0",
    add = with({ tos = "inherit", key = 0 }),
    words = words .. "dev eth0 tos inherit key 0",
    seen = { tos = 1, ikey = 0, okey = 0 },
    set = { { { ["local"] = "10.0.0.9" }, "local 10.0.0.9 dev eth0" } },
  },
  { kind = "gretap", add = { external = true }, words = "external" },
})

-- The link below can be changed too.
link.add("d0", { kind = "veth", peer = { name = "d1" } })
link.add("g0", { kind = "gre", link = "d0", gre = with({ key = 1 }) })
check.equal(kinds.shown(host, "g0").link, "d0")
link.set("g0", { link = "d1" })
check.equal(kinds.shown(host, "g0").link, "d1")
check.equal(link.get("g0").gre.ikey, 1)
check.equal(link.get("g0").link, "d1")

local same = "a tunnel with the same local and remote end, key and link below is there; the kernel's own gre0 is the one "
  .. "without any"
link.set("g0", { gre = { key = false } })
check.equal(kinds.hint("exists", link.add, "g1", { kind = "gre", link = "d1", gre = ends }), same)
check.equal(
  kinds.hint("invalid", link.set, "g0", { gre = { ignore_df = true } }),
  "ignore_df takes pmtudisc = false"
)
check.equal(kinds.hint("unsupported", link.set, "d0", { gre = { ttl = 3 } }), "d0 is not a gre or gretap")
for options, text in pairs({
  [{ key = -1 }] = 'key: expected an integer from 0 to 4294967295, four bytes such as "0.0.0.7", or false, got the integer -1',
  [{ ttl = 256 }] = 'ttl: expected an integer from 0 to 255 or "inherit", got the integer 256',
  [{ encap = "udp" }] = 'encap: expected "none", "fou" or "gue", got "udp"',
  [{ remote = "fd00::1" }] = 'remote: expected an IPv4 address, got "fd00::1"',
}) do
  local e = check.error(function()
    link.add("g9", { kind = "gre", gre = options })
  end, "argument")
  check.equal(e.message, "link.add: opts.gre." .. text)
end

-- There is none where net.core.fb_tunnels_only_for_init_net is set.
if link.get("gre0") then
  check.equal(kinds.hint("exists", link.add, "g1", { kind = "gre" }), same)
  check.equal(
    kinds.hint("invalid", link.set, "gre0", { gre = { ttl = 3 } }),
    "gre0 can't be changed; a tunnel without a remote end can't get one later, nor lose it"
  )
end
