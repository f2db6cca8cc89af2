-- What a kernel without netem says, in its own words.
local there = pcall(function()
  link.shape("lo", { delay = "1ms" })
end)
if there then
  skip("this kernel has netem")
end
local e = check.error(function()
  link.shape("lo", { delay = "1ms", jitter = "1ms", duplicate = "1%" })
end, "unsupported")
check.equal(
  e.message,
  'link.shape "lo": delay, jitter and duplicate need netem, which this kernel lacks (CONFIG_NET_SCH_NETEM)'
)
check.match(tostring(e.hint), "modprobe sch_netem")
check.equal(link.get("lo").shape, nil)
