firewall.add_chain("web")
firewall.del_chain("web")
