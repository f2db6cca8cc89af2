-- What nsh changes in Lua's own library before a script runs.
local exit, stdout_closed, execute, close_on_exec = ...
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

-- A process has no part in the files that its script has open: C's stdio lets it inherit them.
local popen = io.popen
function io.popen(...)
  close_on_exec()
  return popen(...)
end

-- Bytecode can crash the interpreter: chunks are text, whoever loads them.
local load, loadfile = load, loadfile
function _G.load(chunk, name, _, ...)
  return load(chunk, name, "t", ...)
end
function _G.loadfile(name, _, ...)
  return loadfile(name, "t", ...)
end
function dofile(name)
  return assert(loadfile(name, "t"))()
end

-- A script's modules are Lua, beside it. Machine code is loaded by nothing: neither by package.loadlib, nor by the
-- searchers behind Lua's own, which look in package.cpath.
local package, searchpath, error = package, package.searchpath, error
package.cpath = ""
package.loadlib = nil
package.searchers = {
  package.searchers[1],
  function(name)
    local file, tried = searchpath(name, package.path)
    if not file then
      return tried
    end
    local chunk, why = loadfile(file, "t")
    if not chunk then
      error(("error loading module '%s' from file '%s':\n\t%s"):format(name, file, why), 0)
    end
    return chunk, file
  end,
}

-- debug, without what can break the interpreter from within. No function that is running is given away: it could be
-- one that stands behind those above.
local getinfo, running, type, numeric = debug.getinfo, coroutine.running, type, math.type
local function of_level(level)
  -- One more for the function below.
  return numeric(level) and level + 1 or level
end
debug = {
  traceback = debug.traceback,
  getinfo = function(of, ...)
    local info
    if type(of) == "thread" then
      local level, what = ...
      info = getinfo(of, of == running() and of_level(level) or level, what)
    else
      info = getinfo(of_level(of), (...))
    end
    if info then
      info.func = nil
    end
    return info
  end,
}
package.loaded.debug = debug
