# fish completion of pyfmt: pyfmt completion fish > ~/.config/fish/completions/pyfmt.fish
function __pyfmt_command
    set -l words (commandline -opc)
    set -e words[1]
    set -l skip 0
    for word in $words
        if test $skip = 1
            set skip 0
            continue
        end
        if contains -- $word @valued@
            set skip 1
        else if not string match -q -- '-*' $word
            contains -- $word @names@
            and echo $word
            or echo run
            return
        end
    end
end
function __pyfmt_unnamed
    test -z "$(__pyfmt_command)"
end
function __pyfmt_is
    set -l command (__pyfmt_command)
    test -n "$command"
    or set command run
    contains -- $command $argv
end
@commands@
@words@
@options@
