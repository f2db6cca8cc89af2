-- Pictures of labs, with names that mean something to the languages of pictures.
local topology = require("nsh.topology")
local net = topology(topology.star(4))
net:cut("s1", "h4")
host.link.add("e&<0", { kind = "bridge", up = true, addr = "10.9.0.1/24" })
namespace.add('a"b<c>&#;`|')
nat.masquerade({ source = "10.0.0.0/8", out = "e&<0" })

local svg = lab.draw(nil, { form = "svg" })
check.match(svg, "^<svg ")
check.match(svg, ">e&amp;&lt;0 bridge 10%.9%.0%.1/24</text>")
check.match(svg, ">a&quot;b&lt;c&gt;&amp;#;`|</text>")
check.match(svg, '"cable down"')
check.match(svg, ">nat postrouting [^<]*masquerade</text>")
-- All elements are closed, and no text is markup.
local open = {}
for close, name, rest in svg:gmatch("<(/?)(%w+)([^<>]*)>") do
  if close == "/" then
    check.equal(table.remove(open), name)
  elseif rest:sub(-1) ~= "/" then
    table.insert(open, name)
  end
end
check.equal(open, {})

local mermaid = lab.draw(nil, { form = "mermaid" })
check.match(mermaid, '%["a#34;b#60;c#62;#38;#35;#59;#96;#124;"%]')
check.match(mermaid, "down")
check(lab.draw(nil, { form = "dot" }):find([[label="a\"b<c>&#;`|\l"]], 1, true))
check.match(lab.draw(), "└─ eth0 10%.0%.1%.4/24 DOWN .*── s1:to%-h4")

-- The file's ending says the form.
lab.draw("/tmp/lab.svg")
local file = assert(io.open("/tmp/lab.svg"))
check.match(file:read("a"), "^<svg ")
file:close()
local e = check.error(function()
  lab.draw("/tmp/lab.png")
end, "argument")
check.match(e.message, "ending must be")
