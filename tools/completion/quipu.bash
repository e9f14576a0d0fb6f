# Bash completion for quipu.

_quipu() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local commands='import export stat collections get scan put delete query hnsw graph verify repair diff compact
    backup backups verify-backup prune-backups restore checkpoint'
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$current")
    return
  fi

  local command=${COMP_WORDS[1]} options='--json --quiet --help'
  case $command in
    backup | backups | verify-backup | prune-backups | restore | checkpoint) ;;
    *) options+=' --accept-lost-writes' ;;
  esac
  case $command in
    import) options+=' --merge --dry-run --strict --file --encoding' ;;
    verify) options+=' --strict --encoding' ;;
    diff) options+=' --encoding' ;;
    export) options+=' --force --dry-run' ;;
    scan) options+=' --prefix --limit --keys-only --reverse --key-hex' ;;
    get | put | delete) options+=' --key-hex' ;;
    query) options+=' --store --vector --top-k --filter' ;;
    hnsw) options+=' --store --M --ef-construction --ef --drop' ;;
    verify) options+=' --strict' ;;
    repair) options+=' --dry-run --yes' ;;
    graph) options+=' --depth --limit' ;;
    prune-backups) options+=' --keep' ;;
    verify-backup) options+=' --backup' ;;
    restore) options+=' --backup --before --replace --dry-run' ;;
  esac
  case $previous in
    --prefix | --limit | --file | --encoding | --store | --vector | --top-k | --filter | --depth | --M | --ef-construction | --ef | --backup | --before | --keep) return ;;
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    return
  fi

  # Positional arguments: the first is a directory everywhere, so is the second of those with two; persist files
  # may be given by the path of one.
  local kind=-d
  [[ $command =~ ^(import|verify|diff)$ ]] && kind=-f
  local word place=0 skip=0
  for word in "${COMP_WORDS[@]:2:COMP_CWORD-2}"; do
    if ((skip)); then
      skip=0
    elif [[ $word =~ ^--(prefix|limit|file|encoding|store|vector|top-k|filter|depth|M|ef-construction|ef|backup|before|keep)$ ]]; then
      skip=1
    elif [[ $word != -* ]]; then
      ((++place))
    fi
  done
  if ((place == 0)) || [[ $place == 1 && $command =~ ^(import|export|diff|backup|restore|checkpoint)$ ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$kind" -- "$current")
  fi
}

complete -F _quipu quipu
