-- The table of docs/support.md, of what the suite told on each kernel; see `support`.

local kernels, rows, cells = {}, {}, {}

-- A row is a module or a group of tests; of links, a kind.
local function row(file)
  local group, name = file:match("^tests/lua/([^/]+)/([^/]+)%.lua$")
  if not group then
    return file:match("^scripts/") and "scripts" or nil
  end
  return group == "link" and "link: " .. name:gsub("_", " ") or group
end

local kernel
for line in io.lines() do
  local release = line:match("^kernel (%S+)")
  if release and release ~= kernel then
    kernel = release
    table.insert(kernels, release)
  end
  local user, file, passed, skipped, all = line:match("^support (%a+) (%S+) (%d+) (%d+) (%d+)")
  local name = file and row(file)
  if name then
    if not cells[name] then
      table.insert(rows, name)
      cells[name] = {}
    end
    local key = kernel .. " " .. user
    local cell = cells[name][key] or { passed = 0, skipped = 0, all = 0 }
    cells[name][key] = cell
    cell.passed = cell.passed + math.tointeger(passed)
    cell.skipped = cell.skipped + math.tointeger(skipped)
    cell.all = cell.all + math.tointeger(all)
  end
end

local function shown(cell)
  if not cell then
    return ""
  end
  local failed = cell.all - cell.passed - cell.skipped
  if failed > 0 then
    return ("**%d failed**"):format(failed)
  elseif cell.passed == 0 then
    return "not there"
  end
  return cell.skipped > 0 and ("%d, %d not"):format(cell.passed, cell.skipped) or tostring(cell.passed)
end

print([[
# What works on which kernel

Written by `tests/support`: how many tests of `tests/lua` passed on each kernel, as root and as an ordinary user. "2 not" are tests
that were skipped there, for want of a kernel feature or of a program; "not there" is a row of which nothing could run. On the
kernels behind the first, only tests run that need a feature which not all kernels have. What a machine has, and what to do
about the rest, `nsh doctor` tells.
]])
local head, line = { "" }, { "---" }
for _, release in ipairs(kernels) do
  for _, user in ipairs({ "root", "user" }) do
    table.insert(head, ("%s, %s"):format(release, user))
    table.insert(line, "---:")
  end
end
print("| " .. table.concat(head, " | ") .. " |")
print("| " .. table.concat(line, " | ") .. " |")
table.sort(rows)
for _, name in ipairs(rows) do
  local out = { name }
  for _, release in ipairs(kernels) do
    table.insert(out, shown(cells[name][release .. " Root"]))
    table.insert(out, shown(cells[name][release .. " Ordinary"]))
  end
  print("| " .. table.concat(out, " | ") .. " |")
end
