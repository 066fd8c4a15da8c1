# bash completion of pyfmt: eval "$(pyfmt completion bash)"
_pyfmt_words() {
    local line
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -W "$1" -- "$current")
}
_pyfmt_places() {
    local line
    compopt -o filenames 2> /dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$1" -- "$current")
}
_pyfmt() {
    local current="${COMP_WORDS[COMP_CWORD]}" previous="" command=run named="" index word skip=""
    COMPREPLY=()
    [ "$COMP_CWORD" -lt 2 ] || previous="${COMP_WORDS[COMP_CWORD - 1]}"
    if [ "$current" = "=" ]; then
        current=""
    elif [ "$previous" = "=" ]; then
        previous="${COMP_WORDS[COMP_CWORD - 2]}"
    fi
    for ((index = 1; index < COMP_CWORD; index++)); do
        word="${COMP_WORDS[index]}"
        if [ "$word" = "=" ]; then skip=1; continue; fi
        if [ -n "$skip" ]; then skip=""; continue; fi
        case "$word" in
            @valued@) skip=1 ;;
            -*) ;;
            @names@) command="$word"; named=1; break ;;
            *) named=1; break ;;
        esac
    done
    case "$command:$previous" in
@values@
    esac
    case "$command:$current" in
@options@
    esac
    [ -n "$named" ] || _pyfmt_words @commands@
    case "$command" in
@words@
    esac
}
complete -F _pyfmt pyfmt
