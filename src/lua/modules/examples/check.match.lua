local kernel = check.match(proc.exec("uname -r").stdout, "^(%d+)%.")
check(tonumber(kernel) >= 4)
check.match("10.0.0.1", "10.0", { plain = true })
