local began = clock()
ping("127.0.0.1")
print(("it took %.6f s"):format(clock() - began))
