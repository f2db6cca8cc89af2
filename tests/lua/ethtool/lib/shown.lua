-- What nsh and ethtool(8) see of a link.
local shown = {}

function shown.run(words)
  return proc.exec(words, { check = true }).stdout
end

-- Every feature that ethtool knows of, as it shows it: { ["tx-scatter-gather"] = { active = true, fixed = false } }
local function features(dev)
  return json.decode(shown.run({ "ethtool", "--json", "-k", dev }))[1]
end

-- The names that ethtool has for a single feature of the kernel.
local ALIASES = {
  ["rx-checksumming"] = "rx-checksum",
  ["generic-segmentation-offload"] = "tx-generic-segmentation",
  ["generic-receive-offload"] = "rx-gro",
  ["large-receive-offload"] = "rx-lro",
  ["rx-vlan-offload"] = "rx-vlan-hw-parse",
  ["tx-vlan-offload"] = "tx-vlan-hw-insert",
  ["ntuple-filters"] = "rx-ntuple-filter",
  ["receive-hashing"] = "rx-hashing",
}
local GROUPS = {
  ["tx-checksumming"] = "tx",
  ["scatter-gather"] = "sg",
  ["tcp-segmentation-offload"] = "tso",
}

-- Compares what both see of a link, and returns how many features that were.
function shown.same(dev)
  local seen, count = ethtool.get(dev), 0
  local fixed = {}
  for _, name in ipairs(seen.fixed) do
    fixed[name] = true
  end
  for name, feature in pairs(features(dev)) do
    if name ~= "ifname" then
      local ours = ALIASES[name] or GROUPS[name] or name
      check.equal(seen.features[ours], feature.active, dev .. " " .. name)
      if not GROUPS[name] then
        check.equal(fixed[ours] or false, feature.fixed, dev .. " " .. name .. " fixed")
        local wanted = seen.wanted[ours]
        if wanted == nil then
          wanted = feature.active
        end
        if not feature.fixed then
          check.equal(wanted, feature.requested, dev .. " " .. name .. " requested")
        end
      end
      count = count + 1
    end
  end
  return count
end

return shown
