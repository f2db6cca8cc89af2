-- tcpdump drops privileges to a user of its own before it captures, and when it writes a file.
-- needs: tcpdump

local function captured(command)
  local tcpdump <close> = proc.spawn(command, { ready = { line = "listening on lo" } })
  ping("127.0.0.1")
  return tcpdump:wait({ timeout = 10, check = true })
end

local told = captured("exec tcpdump --immediate-mode -n -i lo -c 1 icmp").stdout
check(told:find("127.0.0.1 > 127.0.0.1: ICMP echo request", 1, true), told)

captured("exec tcpdump --immediate-mode -n -i lo -c 2 -w /tmp/lo.pcap icmp")
local read = proc.exec({ "tcpdump", "-n", "-r", "/tmp/lo.pcap" }, { check = true }).stdout
check(read:find("ICMP echo reply", 1, true), read)
