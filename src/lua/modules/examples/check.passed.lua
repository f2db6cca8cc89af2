check(true)
print(check.passed() .. " checks passed")
