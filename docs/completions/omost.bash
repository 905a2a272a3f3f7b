# bash completion for omost; made by `omost --generate bash`.

_omost()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    local cmd=${COMP_WORDS[1]} words= kind=-f value=1
    # "--to=py" arrives as three words: --to = py
    if [[ $cur == = ]]; then cur=
    elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W 'check fmt preview plan diff convert info doctor help --help --version' -- "$cur"))
        return
    fi
    case $cmd:$prev in
        fmt:--output | fmt:-o) words=; kind=-f ;;
        preview:--output | preview:-o) words=; kind=-f ;;
        preview:--format) words='png svg'; kind= ;;
        preview:--size) words=; kind= ;;
        preview:--theme) words='light dark'; kind= ;;
        plan:--model | plan:-m) words=; kind=-d ;;
        plan:--prompt-style) words='profile description tags'; kind= ;;
        plan:--profile) words=; kind=-f ;;
        plan:--output | plan:-o) words=; kind=-f ;;
        convert:--to) words='python reply json comfy'; kind= ;;
        convert:--output | convert:-o) words=; kind=-f ;;
        help:*) words='check fmt preview plan diff convert info doctor help'; kind= ;;
        *) value= ;;
    esac
    if [[ ! $value && $cur == -?* ]]; then
        kind=
        case $cmd in
        check) words='--strict --json --quiet --help' ;;
        fmt) words='--output --write --check --fence --strict --quiet --help' ;;
        preview) words='--output --format --size --labels --no-list --theme --strict --quiet --help' ;;
        plan) words='--model --prompt-style --profile --output --fit-prefix --compact --strict --quiet --help' ;;
        diff) words='--json --exit-code --strict --quiet --help' ;;
        convert) words='--to --output --strict --quiet --help' ;;
        info) words='--json --tensors --help' ;;
        doctor) words='--json --quick --help' ;;
        help) words='--help' ;;
        esac
    fi
    local IFS=$'\n'
    words=${words// /$IFS}
    [[ $words ]] && COMPREPLY=($(compgen -W "$words" -- "$cur"))
    if [[ $kind ]]; then
        compopt -o filenames 2>/dev/null
        COMPREPLY+=($(compgen "$kind" -- "$cur"))
    fi
}

complete -F _omost omost
