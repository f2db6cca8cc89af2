namespace.add("ns1")
namespace.del("ns1")
assert(namespace.get("ns1") == nil)
