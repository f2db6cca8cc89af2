-- What nsh changes in Lua's own library before a script runs.
local exit, tostring, concat, select = ..., tostring, table.concat, select
local stdout, write = io.stdout, io.stdout.write

-- Who reads our output may go away (`nsh x.lua | head -1`): that ends the script, and is no failure.
local EPIPE <const> = 32
local function written(file, message, code)
  if file == nil and code == EPIPE then
    exit(0)
  end
  return file, message, code
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

-- A script's modules are Lua, beside it; nothing loads machine code.
package.cpath = ""
package.loadlib = nil

-- debug, without what can break the interpreter from within.
debug = { traceback = debug.traceback, getinfo = debug.getinfo }
package.loaded.debug = debug
