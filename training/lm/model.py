"""A Llama: RMS norm, rotary positions, grouped heads, SwiGLU, tied embedding.

Names of tensors are those of Hugging Face's LlamaForCausalLM, so that what is
saved is what `omost gguf` reads.
"""
import math
from dataclasses import asdict, dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass(frozen=True)
class Config:
    vocab: int = 2006
    width: int = 192
    layers: int = 6
    heads: int = 4
    kv_heads: int = 2
    hidden: int = 512
    context: int = 4096
    theta: float = 10000.0
    eps: float = 1e-5

    def hf(self):
        return {'architectures': ['LlamaForCausalLM'], 'model_type': 'llama',
                'hidden_size': self.width, 'intermediate_size': self.hidden,
                'num_hidden_layers': self.layers,
                'num_attention_heads': self.heads,
                'num_key_value_heads': self.kv_heads,
                'head_dim': self.width // self.heads,
                'vocab_size': self.vocab, 'hidden_act': 'silu',
                'max_position_embeddings': self.context,
                'rms_norm_eps': self.eps, 'rope_theta': self.theta,
                'tie_word_embeddings': True, 'attention_bias': False,
                'mlp_bias': False, 'torch_dtype': 'float16'}


class Norm(nn.Module):
    def __init__(self, n, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))
        self.eps = eps

    def forward(self, x):
        r = torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps)
        return x * r * self.weight


def rotary(c, n):
    """cos and sin of every position and frequency, [n, head_dim]."""
    d = c.width // c.heads
    f = c.theta ** (-torch.arange(0, d, 2).float() / d)
    a = torch.outer(torch.arange(n).float(), f)
    a = torch.cat((a, a), -1)
    return a.cos(), a.sin()


def turn(x, cos, sin):
    half = x.shape[-1] // 2
    y = torch.cat((-x[..., half:], x[..., :half]), -1)
    return x * cos + y * sin


class Attention(nn.Module):
    BLOCK = 512  # rows of queries at a time: what lies after them is not made

    def __init__(self, c):
        super().__init__()
        self.h, self.kv, self.d = c.heads, c.kv_heads, c.width // c.heads
        self.q_proj = nn.Linear(c.width, self.h * self.d, bias=False)
        self.k_proj = nn.Linear(c.width, self.kv * self.d, bias=False)
        self.v_proj = nn.Linear(c.width, self.kv * self.d, bias=False)
        self.o_proj = nn.Linear(self.h * self.d, c.width, bias=False)

    def _heads(self, x, n):
        b, s, _ = x.shape
        return x.view(b, s, n, self.d).transpose(1, 2)

    def forward(self, x, cos, sin, past=None):
        b, s, _ = x.shape
        q = turn(self._heads(self.q_proj(x), self.h), cos, sin)
        k = turn(self._heads(self.k_proj(x), self.kv), cos, sin)
        v = self._heads(self.v_proj(x), self.kv)
        if past is not None:
            if past:
                k = torch.cat((past[0], k), 2)
                v = torch.cat((past[1], v), 2)
            past[:] = [k, v]
        # Heads that share keys stand one below the other: one matrix product.
        g, n = self.h // self.kv, k.shape[2]
        q = (q * (1 / math.sqrt(self.d))).reshape(b, self.kv, g, s, self.d)
        kt, out = k.transpose(-1, -2), []
        for at in range(0, s, self.BLOCK):
            m = min(self.BLOCK, s - at)
            end = n - s + at + m
            w = q[:, :, :,
                  at:at + m].reshape(b, self.kv, g * m, self.d) @ kt[..., :end]
            if m > 1:
                w = w.view(b, self.kv, g, m, end)
                late = torch.ones(m, m, dtype=torch.bool).triu(1)
                w[..., end - m:].masked_fill_(late, -1e4)
                w = w.view(b, self.kv, g * m, end)
            y = w.softmax(-1) @ v[:, :, :end]
            out.append(y.view(b, self.h, m, self.d))
        y = torch.cat(out, 2) if len(out) > 1 else out[0]
        return self.o_proj(y.transpose(1, 2).reshape(b, s, -1))


class Mlp(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj = nn.Linear(c.width, c.hidden, bias=False)
        self.up_proj = nn.Linear(c.width, c.hidden, bias=False)
        self.down_proj = nn.Linear(c.hidden, c.width, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.input_layernorm = Norm(c.width, c.eps)
        self.self_attn = Attention(c)
        self.post_attention_layernorm = Norm(c.width, c.eps)
        self.mlp = Mlp(c)

    def forward(self, x, cos, sin, past=None):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, past)
        return x + self.mlp(self.post_attention_layernorm(x))


class Inner(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embed_tokens = nn.Embedding(c.vocab, c.width)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.layers))
        self.norm = Norm(c.width, c.eps)


class Llama(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.model = Inner(c)
        self.cos, self.sin = rotary(c, c.context)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                out = name.endswith(('o_proj.weight', 'down_proj.weight'))
                scale = 1 / math.sqrt(2 * c.layers) if out else 1
                std = .02 if 'embed' in name else scale / math.sqrt(p.shape[1])
                nn.init.normal_(p, std=std)

    def hidden(self, ids, past=None):
        """Final states [b, s, width]; past: a list of lists for generating."""
        at = past[0][0].shape[2] if past and past[0] else 0
        cos, sin = (t[at:at + ids.shape[1]] for t in (self.cos, self.sin))
        x = self.model.embed_tokens(ids)
        for i, layer in enumerate(self.model.layers):
            x = layer(x, cos, sin, past[i] if past is not None else None)
        return self.model.norm(x)

    def logits(self, states):
        return states @ self.model.embed_tokens.weight.t()

    def loss(self, ids, target):
        """Sum of the losses, and how many; target -1 is not counted."""
        want = target.flatten()
        keep = (want >= 0).nonzero().squeeze(1)
        x = self.hidden(ids).flatten(0, 1)[keep]
        return F.cross_entropy(self.logits(x), want[keep],
                               reduction='sum'), len(keep)

    def count(self):
        return sum(p.numel() for p in self.parameters())

    def save_config(self):
        return asdict(self.c)
