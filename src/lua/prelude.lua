-- What nsh changes in Lua's own library before a script runs.
local exit, stdout_closed, execute = ...
local tostring, concat = tostring, table.concat
local select, stdout, write = select, io.stdout, io.stdout.write

-- Who reads our output may go away (`nsh x.lua | head -1`): that ends the script, and is no failure. C's stdio
-- counts a line as written that it could not pass on, so it is asked each time.
local function written(...)
  if stdout_closed() then
    exit(0)
  end
  return ...
end

function print(...)
  local words = { ... }
  for i = 1, select("#", ...) do
    words[i] = tostring(words[i])
  end
  written(write(stdout, concat(words, "\t"), "\n"))
end

local io_write = io.write
function io.write(...)
  return written(io_write(...))
end

os.exit = exit
os.execute = execute

-- A script's modules are Lua, beside it; nothing loads machine code.
package.cpath = ""
package.loadlib = nil

-- debug, without what can break the interpreter from within.
debug = { traceback = debug.traceback, getinfo = debug.getinfo }
package.loaded.debug = debug
