check.no_match(proc.exec("uname -r").stdout, "error")
