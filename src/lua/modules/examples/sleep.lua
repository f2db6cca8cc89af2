local began = clock()
sleep(0.05)
check.at_least(clock() - began, 0.05)
