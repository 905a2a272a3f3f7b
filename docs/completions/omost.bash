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
        COMPREPLY=($(compgen -W 'check fmt preview plan diff convert render info doctor help --help --version' -- "$cur"))
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
        render:--model | render:-m) words=; kind=-f ;;
        render:--output | render:-o) words=; kind=-f ;;
        render:--width | render:-W) words=; kind= ;;
        render:--height | render:-H) words=; kind= ;;
        render:--seed | render:-s) words=; kind= ;;
        render:--steps) words=; kind= ;;
        render:--cfg-scale) words=; kind= ;;
        render:--negative-prompt | render:-n) words=; kind= ;;
        render:--batch-count | render:-b) words=; kind= ;;
        render:--sampling-method) words='dpm++2m euler euler_a ddim lcm'; kind= ;;
        render:--scheduler) words='karras normal simple exponential sgm_uniform ddim_uniform trailing'; kind= ;;
        render:--region) words='score couple multidiffusion none'; kind= ;;
        render:--lora) words=; kind=-f ;;
        render:--init-img | render:-i) words=; kind=-f ;;
        render:--strength) words=; kind= ;;
        render:--init-layout) words=; kind= ;;
        render:--hires) words=; kind= ;;
        render:--hires-steps) words=; kind= ;;
        render:--hires-denoise) words=; kind= ;;
        render:--from) words=; kind=-f ;;
        render:--preview) words=; kind=-f ;;
        render:--preview-every) words=; kind= ;;
        render:--rng) words='cpu cuda'; kind= ;;
        render:--compat) words='omost'; kind= ;;
        render:--prediction) words='eps v'; kind= ;;
        render:--vae) words=; kind=-f ;;
        render:--taesd) words=; kind=-f ;;
        render:--tokenizer) words=; kind=-d ;;
        render:--config) words=; kind=-f ;;
        render:--profile) words=; kind=-f ;;
        render:--prompt-style) words='profile description tags'; kind= ;;
        render:--backend) words='auto dnnl ref'; kind= ;;
        render:--precision) words='auto f32 bf16'; kind= ;;
        render:--threads | render:-t) words=; kind= ;;
        help:*) words='check fmt preview plan diff convert render info doctor help'; kind= ;;
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
        render) words='--model --output --width --height --seed --steps --cfg-scale --negative-prompt --batch-count --sampling-method --scheduler --region --lora --init-img --strength --init-layout --hires --hires-steps --hires-denoise --from --preview --preview-every --rng --compat --projected-pooled --prediction --vae --vae-tiling --taesd --tokenizer --config --profile --prompt-style --fit-prefix --backend --precision --threads --quiet --help' ;;
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
