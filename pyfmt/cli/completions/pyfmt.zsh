#compdef pyfmt
# zsh completion of pyfmt: in a folder of $fpath as _pyfmt, or eval "$(pyfmt completion zsh)" after compinit
@sources@
_pyfmt_first() {
    local -a names=(
@commands@
    )
    _describe -t commands command names
    _files
}
_pyfmt() {
    local command=run first=_pyfmt_first skip="" index word
    for ((index = 2; index < CURRENT; index++)); do
        word="$words[index]"
        if [ -n "$skip" ]; then skip=""; continue; fi
        case "$word" in
            (@valued@) skip=1 ;;
            (-*) ;;
            (@names@) command="$word"; first=""; words[index]=(); ((CURRENT--)); break ;;
            (*) first=""; break ;;
        esac
    done
    case "$command" in
@arguments@
    esac
}
if [ "$funcstack[1]" = "_pyfmt" ]; then _pyfmt "$@"; else compdef _pyfmt pyfmt; fi
