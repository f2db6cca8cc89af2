-- needs: ip, macsec
local kinds = require("lib.kinds")
local function same_address(ns)
  ns.link.set("eth0", { mac = "02:00:00:00:00:01" })
end
kinds.same("macsec", {
  { before = same_address, below = "eth0", link = "eth0", words = "" },
  {
    before = same_address,
    below = "eth0",
    link = "eth0",
    add = {
      port = 11,
      encrypt = true,
      cipher = "gcm-aes-256",
      icvlen = 12,
      validate = "check",
      encodingsa = 2,
    },
    words = "port 11 encrypt on cipher gcm-aes-256 icvlen 12 validate check encodingsa 2",
    seen = { sci = "020000000001000b", encrypt = true, cipher = "gcm-aes-256", icvlen = 12 },
    set = {
      { { encrypt = false, validate = "disabled" }, "encrypt off validate disabled" },
      { { replay = true, window = 32 }, "replay on window 32" },
      { { send_sci = false, end_station = true }, "send_sci off end_station on" },
    },
  },
  {
    before = same_address,
    below = "eth0",
    link = "eth0",
    add = { sci = "0200000000770001", cipher = "default", protect = false },
    words = "sci 0200000000770001 cipher default protect off",
    seen = { sci = "0200000000770001", cipher = "gcm-aes-128", protect = false },
  },
})
link.add("v0", { kind = "veth", up = true })
check.equal(
  kinds.hint("invalid", link.add, "m0", { kind = "macsec", link = "v0", macsec = { replay = true } }),
  "replay takes window"
)
check.equal(
  kinds.hint("invalid", link.add, "m0", { kind = "macsec" }),
  'a link of kind "macsec" stands on another one: give link'
)
local e = check.error(function()
  link.add("m0", { kind = "macsec", link = "v0", macsec = { sci = "12" } })
end, "argument")
check.equal(
  e.message,
  'link.add: opts.macsec.sci: expected 16 hexadecimal digits such as "0200000000010001", got the string "12"'
)
