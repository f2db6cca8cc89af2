-- The whole tutorial, in one lab: `nsh scripts/tutorial.lua`.

local directory = (arg[0] or ""):match("^(.*)/[^/]*$") or "."

for _, part in ipairs({ "1-veth", "2-bridge", "3-internet" }) do
  print("\n# " .. part)
  dofile(directory .. "/tutorial/" .. part .. ".lua")
end
