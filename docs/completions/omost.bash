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
        COMPREPLY=($(compgen -W 'serve draw compose chat render check fmt preview plan diff convert models pull gguf info doctor help --help --version' -- "$cur"))
        return
    fi
    case $cmd:$prev in
        serve:--host) words=; kind= ;;
        serve:--port | serve:-p) words=; kind= ;;
        serve:--data) words=; kind=-d ;;
        serve:--models) words=; kind=-d ;;
        serve:--web) words=; kind=-d ;;
        serve:--allow-host) words=; kind= ;;
        serve:--allow-origin) words=; kind= ;;
        serve:--api-key) words=; kind= ;;
        serve:--api-key-file) words=; kind=-f ;;
        serve:--queue) words=; kind= ;;
        serve:--llm | serve:-l) words=; kind=-f ;;
        serve:--server) words=; kind= ;;
        serve:--server-model) words=; kind= ;;
        serve:--timeout) words=; kind= ;;
        serve:--script) words=; kind=-f ;;
        serve:--script-rate) words=; kind= ;;
        serve:--ctx-size | serve:-c) words=; kind= ;;
        serve:--n-gpu-layers) words=; kind= ;;
        serve:--chat-template) words=; kind= ;;
        serve:--temp) words=; kind= ;;
        serve:--top-p) words=; kind= ;;
        serve:--predict) words=; kind= ;;
        serve:--canvas-seed) words=; kind= ;;
        serve:--model | serve:-m) words=; kind=-f ;;
        serve:--lora) words=; kind=-f ;;
        serve:--vae) words=; kind=-f ;;
        serve:--taesd) words=; kind=-f ;;
        serve:--tokenizer) words=; kind=-d ;;
        serve:--config) words=; kind=-f ;;
        serve:--backend) words='auto dnnl ref'; kind= ;;
        serve:--precision) words='auto f32 bf16'; kind= ;;
        serve:--threads | serve:-t) words=; kind= ;;
        draw:--model | draw:-m) words=; kind=-f ;;
        draw:--output | draw:-o) words=; kind=-f ;;
        draw:--width | draw:-W) words=; kind= ;;
        draw:--height | draw:-H) words=; kind= ;;
        draw:--seed | draw:-s) words=; kind= ;;
        draw:--steps) words=; kind= ;;
        draw:--cfg-scale) words=; kind= ;;
        draw:--negative-prompt | draw:-n) words=; kind= ;;
        draw:--batch-count | draw:-b) words=; kind= ;;
        draw:--sampling-method) words='dpm++2m euler euler_a ddim lcm'; kind= ;;
        draw:--scheduler) words='karras normal simple exponential sgm_uniform ddim_uniform trailing'; kind= ;;
        draw:--region) words='score couple multidiffusion none'; kind= ;;
        draw:--lora) words=; kind=-f ;;
        draw:--init-img | draw:-i) words=; kind=-f ;;
        draw:--strength) words=; kind= ;;
        draw:--init-layout) words=; kind= ;;
        draw:--hires) words=; kind= ;;
        draw:--hires-steps) words=; kind= ;;
        draw:--hires-denoise) words=; kind= ;;
        draw:--preview) words=; kind=-f ;;
        draw:--preview-every) words=; kind= ;;
        draw:--rng) words='cpu cuda'; kind= ;;
        draw:--compat) words='none omost'; kind= ;;
        draw:--prediction) words='eps v'; kind= ;;
        draw:--vae) words=; kind=-f ;;
        draw:--taesd) words=; kind=-f ;;
        draw:--tokenizer) words=; kind=-d ;;
        draw:--config) words=; kind=-f ;;
        draw:--profile) words=; kind=-f ;;
        draw:--prompt-style) words='profile description tags'; kind= ;;
        draw:--backend) words='auto dnnl ref'; kind= ;;
        draw:--precision) words='auto f32 bf16'; kind= ;;
        draw:--threads | draw:-t) words=; kind= ;;
        draw:--llm | draw:-l) words=; kind=-f ;;
        draw:--server) words=; kind= ;;
        draw:--server-model) words=; kind= ;;
        draw:--timeout) words=; kind= ;;
        draw:--script) words=; kind=-f ;;
        draw:--script-rate) words=; kind= ;;
        draw:--ctx-size | draw:-c) words=; kind= ;;
        draw:--n-gpu-layers) words=; kind= ;;
        draw:--chat-template) words=; kind= ;;
        draw:--temp) words=; kind= ;;
        draw:--top-p) words=; kind= ;;
        draw:--predict) words=; kind= ;;
        draw:--canvas-seed) words=; kind= ;;
        draw:--canvas) words=; kind=-f ;;
        draw:--edit) words=; kind=-f ;;
        compose:--model | compose:-m) words=; kind=-f ;;
        compose:--server) words=; kind= ;;
        compose:--server-model) words=; kind= ;;
        compose:--timeout) words=; kind= ;;
        compose:--script) words=; kind=-f ;;
        compose:--script-rate) words=; kind= ;;
        compose:--ctx-size | compose:-c) words=; kind= ;;
        compose:--n-gpu-layers) words=; kind= ;;
        compose:--chat-template) words=; kind= ;;
        compose:--temp) words=; kind= ;;
        compose:--top-p) words=; kind= ;;
        compose:--predict | compose:-n) words=; kind= ;;
        compose:--seed | compose:-s) words=; kind= ;;
        compose:--output | compose:-o) words=; kind=-f ;;
        compose:--edit) words=; kind=-f ;;
        compose:--threads | compose:-t) words=; kind= ;;
        chat:--model | chat:-m) words=; kind=-f ;;
        chat:--server) words=; kind= ;;
        chat:--server-model) words=; kind= ;;
        chat:--timeout) words=; kind= ;;
        chat:--script) words=; kind=-f ;;
        chat:--script-rate) words=; kind= ;;
        chat:--ctx-size | chat:-c) words=; kind= ;;
        chat:--n-gpu-layers) words=; kind= ;;
        chat:--chat-template) words=; kind= ;;
        chat:--temp) words=; kind= ;;
        chat:--top-p) words=; kind= ;;
        chat:--predict | chat:-n) words=; kind= ;;
        chat:--seed | chat:-s) words=; kind= ;;
        chat:--session) words=; kind=-f ;;
        chat:--edit) words=; kind=-f ;;
        chat:--output | chat:-o) words=; kind=-f ;;
        chat:--threads | chat:-t) words=; kind= ;;
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
        render:--preview) words=; kind=-f ;;
        render:--preview-every) words=; kind= ;;
        render:--rng) words='cpu cuda'; kind= ;;
        render:--compat) words='none omost'; kind= ;;
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
        render:--from) words=; kind=-f ;;
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
        gguf:--output | gguf:-o) words=; kind=-f ;;
        gguf:--type) words='f32 f16 bf16 q8_0 q6_k q5_k_m q5_k_s q5_0 q4_k_m q4_k_s q4_0 q3_k_m q2_k'; kind= ;;
        gguf:--threads | gguf:-t) words=; kind= ;;
        help:*) words='serve draw compose chat render check fmt preview plan diff convert models pull gguf info doctor help'; kind= ;;
        *) value= ;;
    esac
    if [[ ! $value && $cur == -?* ]]; then
        kind=
        case $cmd in
        serve) words='--host --port --data --models --web --allow-host --allow-origin --api-key --api-key-file --insecure-no-key --queue --keep-loaded --llm --server --server-model --timeout --script --script-rate --ctx-size --n-gpu-layers --mlock --chat-template --temp --top-p --predict --canvas-seed --no-grammar --no-draft --no-mend --model --lora --vae --taesd --tokenizer --config --backend --precision --threads --help' ;;
        draw) words='--model --output --width --height --seed --steps --cfg-scale --negative-prompt --batch-count --sampling-method --scheduler --region --lora --init-img --strength --init-layout --hires --hires-steps --hires-denoise --preview --preview-every --rng --compat --projected-pooled --prediction --vae --vae-tiling --taesd --tokenizer --config --profile --prompt-style --fit-prefix --backend --precision --threads --quiet --llm --server --server-model --timeout --script --script-rate --ctx-size --n-gpu-layers --mlock --chat-template --temp --top-p --predict --canvas-seed --no-grammar --no-draft --no-mend --canvas --edit --help' ;;
        compose) words='--model --server --server-model --timeout --script --script-rate --ctx-size --n-gpu-layers --mlock --chat-template --temp --top-p --predict --seed --no-grammar --no-draft --no-mend --output --edit --threads --print-grammar --quiet --help' ;;
        chat) words='--model --server --server-model --timeout --script --script-rate --ctx-size --n-gpu-layers --mlock --chat-template --temp --top-p --predict --seed --no-grammar --no-draft --no-mend --session --edit --output --threads --quiet --help' ;;
        render) words='--model --output --width --height --seed --steps --cfg-scale --negative-prompt --batch-count --sampling-method --scheduler --region --lora --init-img --strength --init-layout --hires --hires-steps --hires-denoise --preview --preview-every --rng --compat --projected-pooled --prediction --vae --vae-tiling --taesd --tokenizer --config --profile --prompt-style --fit-prefix --backend --precision --threads --quiet --from --help' ;;
        check) words='--strict --json --quiet --help' ;;
        fmt) words='--output --write --check --fence --strict --quiet --help' ;;
        preview) words='--output --format --size --labels --no-list --theme --strict --quiet --help' ;;
        plan) words='--model --prompt-style --profile --output --fit-prefix --compact --strict --quiet --help' ;;
        diff) words='--json --exit-code --strict --quiet --help' ;;
        convert) words='--to --output --strict --quiet --help' ;;
        models) words='--json --here --help' ;;
        pull) words='--offline --quiet --help' ;;
        gguf) words='--output --type --threads --quiet --help' ;;
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
