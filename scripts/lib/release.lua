-- What a release is made of: THIRD-PARTY.md, the licences of all crates in the binary, and sbom.json, the crates as
-- CycloneDX. It reads metadata.json (`cargo metadata`) and Cargo.lock in the working directory.
--
--   nsh scripts/lib/release.lua TARGET

local target = arg[1] or error("the target of Rust is missing")

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
end

local metadata = json.decode(read("metadata.json"))
local packages, nodes = {}, {}
for _, package in ipairs(metadata.packages) do
  packages[package.id] = package
end
for _, node in ipairs(metadata.resolve.nodes) do
  nodes[node.id] = node
end

--- Whether a dependency is in the binary: used by the code, or C code that a build script compiles (lua-src).
local function is_in_binary(dep)
  for _, kind in ipairs(dep.dep_kinds) do
    local compiled = kind.kind == "build" and packages[dep.pkg].name == "lua-src"
    if not kind.kind or compiled then
      return true
    end
  end
  return false
end

local found, depends = {}, {}

--- Of C code, what compiles it is not in the binary.
local function walk(id)
  if depends[id] then
    return
  end
  depends[id] = {}
  table.insert(found, packages[id])
  for _, dep in ipairs(nodes[id].deps) do
    if is_in_binary(dep) and packages[id].name ~= "lua-src" then
      table.insert(depends[id], dep.pkg)
      walk(dep.pkg)
    end
  end
end
walk(metadata.resolve.root)
table.sort(found, function(a, b)
  return a.name .. a.version < b.name .. b.version
end)

local root = packages[metadata.resolve.root]

--- The checksums of Cargo.lock, by `NAME VERSION`.
local sums = {}
for name, version, sum in
  read("Cargo.lock"):gmatch('name = "(.-)"\nversion = "(.-)"\nsource = ".-"\nchecksum = "(.-)"')
do
  sums[name .. " " .. version] = sum
end

local function purl(package)
  return ("pkg:cargo/%s@%s"):format(package.name, package.version)
end

local function component(package)
  local sum = sums[package.name .. " " .. package.version]
  return {
    type = package == root and "application" or "library",
    ["bom-ref"] = purl(package),
    name = package.name,
    version = package.version,
    purl = purl(package),
    licenses = { { expression = (package.license:gsub("/", " OR ")) } },
    hashes = sum and { { alg = "SHA-256", content = sum } } or nil,
  }
end

local components, dependencies = {}, {}
for _, package in ipairs(found) do
  if package ~= root then
    table.insert(components, component(package))
  end
  local on = {}
  for _, id in ipairs(depends[package.id]) do
    table.insert(on, purl(packages[id]))
  end
  table.sort(on)
  table.insert(dependencies, { ref = purl(package), dependsOn = #on > 0 and on or nil })
end

write("sbom.json", json.encode({
  bomFormat = "CycloneDX",
  specVersion = "1.5",
  version = 1,
  metadata = {
    timestamp = os.date("!%Y-%m-%dT%H:%M:%SZ", tonumber(os.getenv("SOURCE_DATE_EPOCH")) or 0),
    component = component(root),
  },
  components = components,
  dependencies = dependencies,
}, { pretty = true }) .. "\n")

--- The texts of a crate's licences, as its files have them.
local function texts(package)
  local directory = package.manifest_path:match("^(.*)/")
  local all = {}
  for name in proc.exec({ "ls", directory }, { check = true }).stdout:gmatch("[^\n]+") do
    local upper = name:upper()
    if package.name == "lua-src" and name:find("^lua%-5%.4") then
      -- Lua's own stands at the end of its header.
      local text = read(directory .. "/" .. name .. "/lua.h"):match("\n(%* Copyright.-)\n%*+/")
      table.insert(all, (assert(text, "lua.h has no licence"):gsub("%f[^\n\0]%* ?", "")))
    end
    local is_license = upper:find("^LICEN[CS]E") or upper:find("^COPYING") or upper:find("^NOTICE")
    if (is_license or upper:find("^UNLICENSE") or upper:find("^COPYRIGHT")) and not upper:find("%.RS$") then
      local ok, text = pcall(read, directory .. "/" .. name)
      if ok and text then
        table.insert(all, (text:gsub("\r\n", "\n"):gsub("%s+$", "")))
      end
    end
  end
  return all
end

-- Many have the same text.
local order, has = {}, {}
local out = {
  "# Licences of what is in the binary of nsh\n",
  "| Crate | Version | Licence |\n| --- | --- | --- |",
}
for _, package in ipairs(found) do
  if package ~= root then
    table.insert(out, ("| %s | %s | %s |"):format(package.name, package.version, package.license))
    local own = texts(package)
    if #own == 0 then
      own = { "(The crate has no file with the text of its licence: " .. package.license .. ".)" }
    end
    for _, text in ipairs(own) do
      if not has[text] then
        has[text] = {}
        table.insert(order, text)
      end
      table.insert(has[text], package.name .. " " .. package.version)
    end
  end
end
local libc = "So is musl: MIT, https://musl.libc.org."
if target:find("gnu") then
  libc = "So is the GNU C Library: LGPL-2.1-or-later, https://www.gnu.org/software/libc; nsh's source and "
    .. "scripts/release, which links it, are what is needed to link another version."
end
table.insert(
  out,
  "\nRust's standard library is part of it: MIT OR Apache-2.0, https://www.rust-lang.org. " .. libc .. "\n"
)
for _, text in ipairs(order) do
  table.insert(out, "## " .. table.concat(has[text], ", ") .. "\n\n```\n" .. text .. "\n```\n")
end
write("THIRD-PARTY.md", table.concat(out, "\n"))
print(("%d crates in the binary, %d texts of licences"):format(#found - 1, #order))
