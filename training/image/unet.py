"""SDXL's UNet2DConditionModel, small, with diffusers' names.

Two things make it fit for regions: the words come as [n, regions, words, width],
and a `Sight` says what each position of a level sees of them (masks.py).
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

CHANNELS = (48, 96, 160)
HEADS = (1, 3, 5)  # of 32 channels; the first block has no attention
DEPTHS = (0, 1, 1)  # transformer blocks of each attention
GROUPS = 16
TIME_ID = 32  # width of each of the six numbers about the size


def config(context, pooled, channels=CHANNELS, heads=HEADS, depths=DEPTHS,
           groups=GROUPS):
    """config.json of the UNet."""
    return {"_class_name": "UNet2DConditionModel", "act_fn": "silu",
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": TIME_ID,
            "attention_head_dim": list(heads),  # diffusers: number of heads
            "block_out_channels": list(channels),
            "cross_attention_dim": context,
            "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D",
                                 "CrossAttnDownBlock2D"],
            "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D",
                               "UpBlock2D"],
            "mid_block_type": "UNetMidBlock2DCrossAttn",
            "flip_sin_to_cos": True, "freq_shift": 0, "in_channels": 4,
            "out_channels": 4, "layers_per_block": 2, "norm_eps": 1e-05,
            "norm_num_groups": groups,
            "projection_class_embeddings_input_dim": pooled + 6 * TIME_ID,
            "sample_size": 32,
            "transformer_layers_per_block": [max(d, 1) for d in depths],
            "use_linear_projection": True}


def sinusoids(t, width):
    """[n] numbers as [n, width]: cosines, then sines."""
    half = width // 2
    f = torch.exp(torch.arange(half, dtype=torch.float32)
                  * (-math.log(10000.0) / half))
    a = t.float()[:, None] * f
    return torch.cat([a.cos(), a.sin()], 1)


class Embedding(nn.Module):
    def __init__(self, n_in, n):
        super().__init__()
        self.linear_1 = nn.Linear(n_in, n)
        self.linear_2 = nn.Linear(n, n)

    def forward(self, x):
        return self.linear_2(F.silu(self.linear_1(x)))


class Resnet(nn.Module):
    def __init__(self, n_in, n_out, time, groups):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, n_in, eps=1e-5)
        self.conv1 = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.time_emb_proj = nn.Linear(time, n_out)
        self.norm2 = nn.GroupNorm(groups, n_out, eps=1e-5)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)
        if n_in != n_out:
            self.conv_shortcut = nn.Conv2d(n_in, n_out, 1)

    def forward(self, x, emb):
        h = self.conv1(F.silu(self.norm1(x)))
        h = h + self.time_emb_proj(emb)[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut")
                    else x)


class SelfAttention(nn.Module):
    def __init__(self, n, heads, context=None):
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(n, n, bias=False)
        self.to_k = nn.Linear(context or n, n, bias=False)
        self.to_v = nn.Linear(context or n, n, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(n, n)])

    def split(self, y):
        return y.view(y.shape[0], -1, self.heads,
                      y.shape[-1] // self.heads).transpose(1, 2)

    def forward(self, x):
        q, k, v = (self.split(p(x)) for p in (self.to_q, self.to_k, self.to_v))
        a = (q * q.shape[-1] ** -0.5) @ k.transpose(2, 3)
        y = a.softmax(-1) @ v
        return self.to_out[0](y.transpose(1, 2).reshape(x.shape))


class CrossAttention(SelfAttention):
    """Positions see words of the regions they lie in: see masks.Sight."""

    def forward(self, x, words, sight):
        n, t, c = x.shape
        r, w = words.shape[1:3]
        flat = words.flatten(1, 2)
        q, k, v = (self.split(y) for y in
                   (self.to_q(x), self.to_k(flat), self.to_v(flat)))
        a = (q * q.shape[-1] ** -0.5) @ k.transpose(2, 3)
        if sight.separate:  # "couple": each region by itself, then blended
            a = a.view(n, self.heads, t, r, w) + sight.pads[:, None, None]
            a = a.softmax(-1) * sight.share[:, None, :, :, None]
            a = a.flatten(3)
        else:  # "score": all side by side, small regions speak louder
            a = (a * sight.scale[:, None, None] + sight.bias[:, None])
            a = a.softmax(-1)
        y = a @ v
        return self.to_out[0](y.transpose(1, 2).reshape(n, t, c))


class GEGLU(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.proj = nn.Linear(n, 8 * n)

    def forward(self, x):
        h, gate = self.proj(x).chunk(2, -1)
        return h * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, n):
        super().__init__()
        # 1 is a dropout in diffusers, which has no weights.
        self.net = nn.ModuleList([GEGLU(n), nn.Identity(), nn.Linear(4 * n, n)])

    def forward(self, x):
        return self.net[2](self.net[0](x))


class TransformerBlock(nn.Module):
    def __init__(self, n, heads, context):
        super().__init__()
        self.norm1 = nn.LayerNorm(n)
        self.attn1 = SelfAttention(n, heads)
        self.norm2 = nn.LayerNorm(n)
        self.attn2 = CrossAttention(n, heads, context)
        self.norm3 = nn.LayerNorm(n)
        self.ff = FeedForward(n)

    def forward(self, x, words, sight):
        x = x + self.attn1(self.norm1(x))
        x = x + self.attn2(self.norm2(x), words, sight)
        return x + self.ff(self.norm3(x))


class Transformer(nn.Module):
    def __init__(self, n, heads, depth, context, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, n, eps=1e-6)
        self.proj_in = nn.Linear(n, n)
        self.transformer_blocks = nn.ModuleList(
            [TransformerBlock(n, heads, context) for _ in range(depth)])
        self.proj_out = nn.Linear(n, n)
        nn.init.zeros_(self.proj_out.weight)
        nn.init.zeros_(self.proj_out.bias)

    def forward(self, x, words, sights):
        b, c, h, w = x.shape
        t = self.proj_in(self.norm(x).flatten(2).transpose(1, 2))
        for block in self.transformer_blocks:
            t = block(t, words, sights[h, w])
        t = self.proj_out(t).transpose(1, 2).reshape(b, c, h, w)
        return x + t


class Sampler(nn.Module):
    def __init__(self, n, up):
        super().__init__()
        self.up = up
        self.conv = nn.Conv2d(n, n, 3, stride=1 if up else 2, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0) if self.up else x)


class Block(nn.Module):
    """A block of any kind: resnets, attentions behind them, a sampler."""

    def __init__(self, ins, n, time, groups, attention, sampler=None):
        super().__init__()
        self.resnets = nn.ModuleList([Resnet(i, n, time, groups) for i in ins])
        if attention:
            heads, depth, context, count = attention
            self.attentions = nn.ModuleList(
                [Transformer(n, heads, depth, context, groups)
                 for _ in range(count)])
        if sampler == "down":
            self.downsamplers = nn.ModuleList([Sampler(n, False)])
        if sampler == "up":
            self.upsamplers = nn.ModuleList([Sampler(n, True)])

    def layer(self, i, x, emb, words, sights):
        x = self.resnets[i](x, emb)
        if hasattr(self, "attentions") and i < len(self.attentions):
            x = self.attentions[i](x, words, sights)
        return x


class UNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        ch, groups = c["block_out_channels"], c["norm_num_groups"]
        time, context = 4 * ch[0], c["cross_attention_dim"]
        heads, layers = c["attention_head_dim"], c["layers_per_block"]
        last = len(ch) - 1

        def attention(b, count):
            depth = c["transformer_layers_per_block"][b] if b else 0
            return (heads[b], depth, context, count) if depth else None

        self.time_embedding = Embedding(ch[0], time)
        self.add_embedding = Embedding(
            c["projection_class_embeddings_input_dim"], time)
        self.conv_in = nn.Conv2d(c["in_channels"], ch[0], 3, padding=1)
        skips, now = [ch[0]], ch[0]
        self.down_blocks, self.up_blocks = nn.ModuleList(), nn.ModuleList()
        for b, n in enumerate(ch):
            ins = [now] + [n] * (layers - 1)
            self.down_blocks.append(
                Block(ins, n, time, groups, attention(b, layers),
                      "down" if b < last else None))
            skips += [n] * (layers + (b < last))
            now = n
        self.mid_block = Block([now, now], now, time, groups,
                               attention(last, 1))
        for b, n in reversed(list(enumerate(ch))):
            ins = []
            for _ in range(layers + 1):
                ins.append(now + skips.pop())
                now = n
            self.up_blocks.append(
                Block(ins, n, time, groups, attention(b, layers + 1),
                      "up" if b else None))
        self.conv_norm_out = nn.GroupNorm(groups, ch[0], eps=1e-5)
        self.conv_out = nn.Conv2d(ch[0], c["out_channels"], 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)
        nn.init.zeros_(self.conv_out.bias)

    def embedding(self, t, pooled, size):
        """What time, text and the size of the picture add to every resnet."""
        n = len(pooled)
        ids = torch.tensor([size, size, 0, 0, size, size]).repeat(n)
        ids = sinusoids(ids, TIME_ID).view(n, -1)
        time = self.time_embedding(sinusoids(t, self.conv_in.out_channels))
        return F.silu(time + self.add_embedding(torch.cat([pooled, ids], 1)))

    def forward(self, x, t, words, pooled, sights, size=256):
        """The velocity (diffusion.py) of x [n, 4, h, w] at the steps t [n].

        words [n, regions, words, context], pooled [n, p], sights {(h, w): Sight}
        of every level that has attention; size: the picture's side in pixels.
        """
        emb = self.embedding(t, pooled, size)
        x = self.conv_in(x)
        skips = [x]
        for block in self.down_blocks:
            for i in range(len(block.resnets)):
                x = block.layer(i, x, emb, words, sights)
                skips.append(x)
            if hasattr(block, "downsamplers"):
                x = block.downsamplers[0](x)
                skips.append(x)
        for i in range(2):
            x = self.mid_block.layer(i, x, emb, words, sights)
        for block in self.up_blocks:
            for i in range(len(block.resnets)):
                x = torch.cat([x, skips.pop()], 1)
                x = block.layer(i, x, emb, words, sights)
            if hasattr(block, "upsamplers"):
                x = block.upsamplers[0](x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))
