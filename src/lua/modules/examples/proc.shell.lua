-- needs: terminal
proc.shell()
