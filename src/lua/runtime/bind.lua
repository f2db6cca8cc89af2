-- What a module is in Lua: a function, or a table whose functions are made when they are first asked for.
local names = ...
local error, next, rawset, setmetatable = error, next, rawset, setmetatable

-- As behind each binding: the first result is the error, if there is one.
local function finish(e, ...)
  if e ~= nil then
    error(e, 0)
  end
  return ...
end

-- Puts modules into a table, by their names. `call`, `field` and `fields` act on one namespace; `modules` has a name and
-- a form in turns.
return function(into, call, field, fields, modules)
  for i = 1, #modules, 2 do
    local name, form = modules[i], modules[i + 1]
    local module
    if form == "function" then
      function module(...)
        return finish(call(name, ...))
      end
    else
      local meta = { __name = "module " .. name }
      function meta.__index(self, key)
        local value = finish(field(name, key))
        rawset(self, key, value)
        return value
      end
      -- Goes through all of its functions, made or not.
      function meta.__pairs(self)
        for _, key in next, fields(name) do
          local _ = self[key]
        end
        return next, self
      end
      if form == "callable" then
        function meta.__call(_, ...)
          return finish(call(name, ...))
        end
      end
      module = setmetatable({}, meta)
    end
    names[module] = name
    rawset(into, name, module)
  end
end
