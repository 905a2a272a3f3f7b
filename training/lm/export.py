"""A trained checkpoint as a Hugging Face folder, which `omost gguf` reads.

    PYTHONPATH=training /usr/bin/python3 -m lm.export --work DIR --to FOLDER
    omost gguf FOLDER --type f16
"""
import argparse
import json
import pathlib

import numpy as np

from common import checkpoint, safetensors

from .bpe import HF_CUT, SPECIAL, Vocabulary

TEMPLATE = (
    "{% set loop_messages = messages %}{% for message in loop_messages %}"
    "{% set content = '<|start_header_id|>' + message['role'] + "
    "'<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}"
    "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}"
    "{{ content }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}")


def tokenizer(vocab):
    added = [{'id': i, 'content': s, 'single_word': False, 'lstrip': False,
              'rstrip': False, 'normalized': False, 'special': special}
             for table, special in ((vocab.whole, False), (vocab.special, True))
             for s, i in table.items()]
    split = {'type': 'Split', 'pattern': {'Regex': HF_CUT},
             'behavior': 'Isolated', 'invert': False}
    level = {'type': 'ByteLevel', 'add_prefix_space': False,
             'trim_offsets': True, 'use_regex': False}
    bos = {'SpecialToken': {'id': SPECIAL[0], 'type_id': 0}}
    return {
        'version': '1.0', 'truncation': None, 'padding': None,
        'added_tokens': added, 'normalizer': None,
        'pre_tokenizer': {'type': 'Sequence', 'pretokenizers': [split, level]},
        'post_processor': {
            'type': 'TemplateProcessing',
            'single': [bos, {'Sequence': {'id': 'A', 'type_id': 0}}],
            'pair': [bos, {'Sequence': {'id': 'A', 'type_id': 0}},
                     {'Sequence': {'id': 'B', 'type_id': 1}}],
            'special_tokens': {SPECIAL[0]: {
                'id': SPECIAL[0], 'ids': [vocab.special[SPECIAL[0]]],
                'tokens': [SPECIAL[0]]}}},
        'decoder': {'type': 'ByteLevel', 'add_prefix_space': True,
                    'trim_offsets': True, 'use_regex': True},
        'model': {'type': 'BPE', 'dropout': None, 'unk_token': None,
                  'continuing_subword_prefix': None,
                  'end_of_word_suffix': None, 'fuse_unk': False,
                  'byte_fallback': False, 'ignore_merges': False,
                  'vocab': vocab.of,
                  'merges': [' '.join(m) for m in vocab.merges]}}


def export(work, to, weights='model'):
    from .model import Config
    was = checkpoint.load(work / 'last.pt')
    vocab = Vocabulary.load(work / 'merges.json')
    c = Config(**was['config'])
    bos, eos, eot = (vocab.special[SPECIAL[i]] for i in (0, 1, 4))
    to.mkdir(parents=True, exist_ok=True)

    def put(name, value):
        (to / name).write_text(json.dumps(value, indent=1,
                                          ensure_ascii=False) + '\n',
                               encoding='utf-8')
    put('config.json', {**c.hf(), 'bos_token_id': bos,
                        'eos_token_id': [eos, eot]})
    put('generation_config.json', {
        'bos_token_id': bos, 'eos_token_id': [eos, eot], 'do_sample': True,
        'temperature': .6, 'top_p': .9})
    put('tokenizer.json', tokenizer(vocab))
    put('tokenizer_config.json', {
        'bos_token': SPECIAL[0], 'eos_token': SPECIAL[4],
        'chat_template': TEMPLATE, 'clean_up_tokenization_spaces': False,
        'model_max_length': c.context,
        'tokenizer_class': 'PreTrainedTokenizerFast'})
    tensors = {k: v.numpy() for k, v in was[weights].items()}
    safetensors.write(str(to / 'model.safetensors'), tensors, dtype=np.float16)
    return was


def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('--work', type=pathlib.Path, required=True)
    p.add_argument('--to', type=pathlib.Path, required=True)
    a = p.parse_args()
    was = export(a.work, a.to)
    print(f'{a.to}: step {was["step"]}, {was["tokens"]} tokens of replies')


if __name__ == '__main__':
    main()
