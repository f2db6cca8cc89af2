-- States of IPsec, both ways between nsh and `ip xfrm state`.
-- needs: esp, ip
local AEAD = "rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128"
local AUTH = "hmac(sha256) 0x" .. ("ab"):rep(32) .. " 128"
local ENC = "cbc(aes) 0x" .. ("cd"):rep(16)

local function ip(...)
  return proc.exec({ "ip", "xfrm", "state", ... }, { check = true }).stdout
end

--- Without the blanks that `ip` leaves at the ends of lines, what it shows as a bitmap, and what it shows with -s only.
local function plain(text)
  text = text:gsub("\n%s+limit [^\n]+", ""):gsub("\n%s+tfcpad [^\n]+", ""):gsub(" extra%-flag [%l -]+", "")
  text = text:gsub("[ \t]+\n", "\n"):gsub("\n[ \t]+", "\n"):gsub("%s+$", "")
  return (text:gsub(", bitmap 0x%x+", ""):gsub("\nsel src %S+/0 dst %S+/0$", ""))
end

local function same()
  local text = {}
  for _, state in ipairs(xfrm.state.list()) do
    text[#text + 1] = tostring(state)
  end
  check.equal(plain(table.concat(text, "\n")), plain(ip("list")))
end

---@return any
local function esp(more)
  local state = { src = "192.0.2.1", dst = "192.0.2.2", proto = "esp", spi = 0x100, aead = AEAD }
  for key, value in pairs(more) do
    state[key] = value or nil
  end
  return state --[[@as any]]
end

local cases = {
  esp({ mode = "tunnel", reqid = 7 }),
  esp({ aead = false, enc = ENC, auth_trunc = AUTH, replay_window = 32, seq = 9 }),
  esp({ aead = false, enc = "ecb(cipher_null)", auth_trunc = AUTH, mode = "beet" }),
  esp({ mark = 5, mask = 0xff, if_id = 9, output_mark = 6 }),
  esp({ encap = "espinudp 4500 4501 0.0.0.0", noecn = true, icmp = true }),
  esp({ decap_dscp = true, nopmtudisc = true, dont_encap_dscp = true, oseq_may_wrap = true, mode = "tunnel" }),
  esp({ sel = { src = "10.0.1.0/24", dst = "10.0.2.0/24", proto = "tcp", dport = 80 } }),
  esp({ src = "2001:db8::1", dst = "2001:db8::2", mode = "tunnel", af_unspec = true }),
  esp({
    byte_hard = 1000,
    byte_soft = 900,
    mode = "tunnel",
    packet_hard = 10,
    time_soft = 60,
    time_use_hard = 3600,
    tfcpad = 100,
  }),
  esp({ replay_seq = 3, replay_oseq = 4, replay_window = 8 }),
}

test("what nsh adds is what ip shows", function()
  for _, case in
    ipairs(cases --[[@as any[] ]])
  do
    xfrm.state.add(case)
    same()
    check.equal(#xfrm.state.list(case), 1)
    local key = { dst = case.dst, proto = case.proto, spi = case.spi, mark = case.mark, mask = case.mask }
    local got = assert(xfrm.state.get(key))
    local sel = case.sel
    case.sel = nil
    check.subset(got, case)
    if sel then
      check.subset(got.sel, sel)
    end
    xfrm.state.del(key)
    check.equal(ip("list"), "")
  end
end)

test("64-bit numbers", function()
  xfrm.state.add(esp({ esn = true, replay_window = 128, replay_seq = 7, replay_seq_hi = 1 }))
  check.match(ip("list"), "anti-replay esn context:", { plain = true })
  check.match(ip("list"), "seq-hi 0x1, seq 0x7, oseq-hi 0x0, oseq 0x0", { plain = true })
  check.match(ip("list"), "replay_window 128, bitmap-length 4", { plain = true })
  local state = xfrm.state.list()[1]
  check.subset(state, { esn = true, replay_window = 128, replay_seq = 7, replay_seq_hi = 1 })
  check.equal(xfrm.state.flush(), 1)
end)

test("what ip adds is read", function()
  ip(
    "add",
    "src",
    "192.0.2.1",
    "dst",
    "192.0.2.2",
    "proto",
    "esp",
    "spi",
    "0x100",
    "reqid",
    "7",
    "mode",
    "tunnel",
    "replay-window",
    "32",
    "flag",
    "noecn",
    "af-unspec",
    "auth-trunc",
    "hmac(sha256)",
    "0x" .. ("ab"):rep(32),
    "128",
    "enc",
    "cbc(aes)",
    "0x" .. ("cd"):rep(16),
    "mark",
    "5",
    "mask",
    "0xf"
  )
  same()
  check.subset(xfrm.state.list()[1], {
    src = "192.0.2.1",
    dst = "192.0.2.2",
    proto = "esp",
    spi = 0x100,
    reqid = 7,
    mode = "tunnel",
    replay_window = 32,
    noecn = true,
    af_unspec = true,
    auth_trunc = AUTH,
    enc = ENC,
    mark = 5,
    mask = 0xf,
    packets = 0,
    integrity_failed = 0,
  })
  check.equal(lab.state().namespaces.host.xfrm_states[1].src, "192.0.2.1")
  ip("flush")
  check.equal(xfrm.state.list(), {})
end)

test("bad input, and no key in any error", function()
  local function fails(kind, pattern, options)
    local e = check.error(function()
      xfrm.state.add(options)
    end, kind)
    check.match(tostring(e), pattern, { plain = true })
    check.equal(tostring(e):find("0001", 1, true), nil)
  end
  fails("argument", "esp needs aead, or enc", esp({ aead = false }))
  fails("argument", "needs an spi other than 0", esp({ spi = false }))
  fails("argument", "aead does what auth and enc do", esp({ enc = ENC }))
  fails(
    "argument",
    "opts.aead: expected an algorithm, its key and a length in bits",
    esp({ aead = "gcm(aes) 0x0001" })
  )
  fails("argument", "esn needs a replay_window", esp({ esn = true }))
  fails("argument", "src and dst are of different families", esp({ src = "fd00::1" }))
  fails("invalid", "as long as its algorithm wants it", esp({ aead = "rfc4106(gcm(aes)) 0x0001 128" }))
  fails("unsupported", "/proc/crypto", esp({ aead = "no-such-cipher 0x0001 128" }))
  xfrm.state.add(esp({}))
  fails("exists", "xfrm.state.del deletes it", esp({}))
  xfrm.state.flush()
  local e = check.error(function()
    xfrm.state.del({ dst = "192.0.2.2", proto = "esp", spi = 1 })
  end, "not_found")
  check.match(tostring(e), "xfrm.state.list shows", { plain = true })
end)
