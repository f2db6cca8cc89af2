check(lab.info().sandboxed)
print(lab.info())
