print(route.list({ table = "local", family = "inet" }))
