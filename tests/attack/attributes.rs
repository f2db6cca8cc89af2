//! Values that would make netlink attributes of their own: what is longer than an attribute can be, and what holds a
//! zero byte.

use super::frame::each;

/// Each must be refused, and must not have set the MTU of the link.
const VALUES: &str = "
    local mtu = string.pack('<I2I2I4', 8, 4, 1024)
    -- 65536 bytes with the terminating zero and the header: a length of 16 bits that is 8.
    local long = 'abc\\0' .. mtu .. ('x'):rep(65536 + 8 - 4 - 1 - 12)
    local values = { long, ('x'):rep(65532), ('x'):rep(1 << 20), 'abc\\0', '\\0', 'a\\0b' }
";

fn refused(calls: &str) {
    each(|stage| {
        let ran = stage.attack(&format!(
            "{VALUES}
             link.add('d0', {{ kind = 'veth' }})
             local function try(f, ...)
               local done, why = pcall(f, ...)
               assert(not done)
               assert(why.kind == 'argument' or why.kind == 'not_found', why)
             end
             for _, value in ipairs(values) do
               {calls}
             end
             assert(link.get('d0').mtu == 1500)
             local f = io.open('/sys/class/net/d0/mtu') assert(f:read('n') == 1500)"
        ));
        assert_eq!(ran.status, Some(0), "{ran:?}");
        stage.unharmed();
    });
}

#[test]
fn texts_of_links() {
    refused(
        "try(link.set, 'd0', { alias = value })
         try(link.add, 'd1', { kind = 'veth', alias = value })
         try(link.set, 'd0', { name = value })
         try(link.set, value, { mtu = 1400 })
         try(link.add, value, { kind = 'veth' })
         try(link.add, 'd1', { kind = value })",
    );
}

#[test]
fn texts_of_addresses_routes_and_rules() {
    refused(
        "try(addr.add, '10.0.0.1/24', { dev = 'd0', label = value })
         try(addr.add, '10.0.0.1/24', { dev = value })
         try(route.add, '10.9.0.0/16', { dev = value })
         try(rule.add, { iif = value, table = 100 })
         try(neigh.add, '10.0.0.9', { dev = value, mac = '02:00:00:00:00:01' })",
    );
}

#[test]
fn texts_of_firewall_rules() {
    refused(
        "try(nat.masquerade, { out = value })
         try(nat.masquerade, { out = 'd0', comment = value })
         try(fdb.list, { dev = value })",
    );
}
