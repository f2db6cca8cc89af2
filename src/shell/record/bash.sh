# Read by each bash of a script that is recorded: tells which lines run, and what echo prints there.
export NSH_AT
set -T
# What `set -x` shows of this goes nowhere. LINENO counts on within it.
trap '{ __nsh_last=$_ __nsh_words=(); [[ ${BASH_SOURCE[0]-} ]] && NSH_AT=$LINENO:${BASH_SOURCE[0]}
  case $BASH_COMMAND in
    *[\`\<\>\|\;\&]* | *"\$("* | *++* | *--* | *:=* | *"\$?"* | *PIPESTATUS*) ;;
    echo | "echo "*) [[ /proc/self/fd/1 -ef /proc/$$/fd/1 ]] && eval "__nsh_words=(${BASH_COMMAND#echo})" ;;
  esac
  printf "%s\0" "${NSH_AT-}" "${BASH_COMMAND::5}" ${#__nsh_words[@]} "${__nsh_words[@]}" >> /run/nsh/record/lines
  : "$__nsh_last"
} 2> /dev/null' DEBUG
