# Bash completion for quipu: commands, options and arguments are those that its --help lists.

_quipu() {
  local current=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]/#\~/$HOME}
  local line section='' commands='' options='' with_value=' ' arguments=() kind=-d
  # Of the command's help, or before there is a command, of quipu's.
  while IFS= read -r line; do
    if [[ $line =~ ^([A-Z][a-z ]*):$ ]]; then
      section=${BASH_REMATCH[1]}
    elif [[ $section == Commands && $line =~ ^\ \ ([a-z-]+)\  ]]; then
      commands+=" ${BASH_REMATCH[1]}"
    elif [[ $section == Options && $line =~ ^\ \ (-.,)?(--[A-Za-z-]+)(\ [^ ])? ]]; then
      options+=" ${BASH_REMATCH[2]}"
      [[ ${BASH_REMATCH[3]} ]] && with_value+="${BASH_REMATCH[2]} "
    elif [[ $section == Positionals && $line =~ ^\ \ ([A-Z]+)\  ]]; then
      arguments+=("${BASH_REMATCH[1]}")
      [[ $line == *'persist directory'* ]] && kind=-f  # may be given by the path of one file
    fi
  done < <("$program" "${COMP_WORDS[@]:1:COMP_CWORD>1}" --help 2>/dev/null)

  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "$commands $options" -- "$current")
    return
  fi
  [[ $with_value == *" ${COMP_WORDS[COMP_CWORD - 1]} "* ]] && return
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    return
  fi

  local word position=0 skip=0
  for word in "${COMP_WORDS[@]:2:COMP_CWORD-2}"; do
    if ((skip)); then
      skip=0
    elif [[ $with_value == *" $word "* ]]; then
      skip=1
    elif [[ $word != -* ]]; then
      ((++position))
    fi
  done
  case ${arguments[position]} in
    DB | DIR | A | B | SRC | DST)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen "$kind" -- "$current")
      ;;
  esac
}

complete -F _quipu quipu
