"""AutoencoderKL with diffusers' names: pictures of 3 channels to latents of 4 an
eighth as large, and back. The renderer loads its weights unchanged."""
import torch
import torch.nn.functional as F
from torch import nn

CONFIG = {
    "_class_name": "AutoencoderKL",
    "act_fn": "silu",
    "block_out_channels": [16, 32, 64, 96],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": 4,
    "layers_per_block": 1,
    # One group: in flat pictures norms over few channels wipe out colours.
    "norm_num_groups": 1,
    "sample_size": 256,
    "scaling_factor": 1.0,
    "force_upcast": False,
}
EPS = 1e-6  # of every norm; diffusers has it in no configuration


def conv3(n_in, n_out):
    return nn.Conv2d(n_in, n_out, 3, padding=1)


class Resnet(nn.Module):
    def __init__(self, n_in, n_out, groups):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, n_in, eps=EPS)
        self.conv1 = conv3(n_in, n_out)
        self.norm2 = nn.GroupNorm(groups, n_out, eps=EPS)
        self.conv2 = conv3(n_out, n_out)
        if n_in != n_out:
            self.conv_shortcut = nn.Conv2d(n_in, n_out, 1)

    def forward(self, x):
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut")
                    else x)


class Attention(nn.Module):
    """Every position sees every other; one head."""

    def __init__(self, n, groups):
        super().__init__()
        self.group_norm = nn.GroupNorm(groups, n, eps=EPS)
        self.to_q = nn.Linear(n, n)
        self.to_k = nn.Linear(n, n)
        self.to_v = nn.Linear(n, n)
        self.to_out = nn.ModuleList([nn.Linear(n, n)])

    def forward(self, x):
        b, c, h, w = x.shape
        t = self.group_norm(x).flatten(2).transpose(1, 2)
        a = self.to_q(t) @ self.to_k(t).transpose(1, 2) * c ** -0.5
        t = self.to_out[0](a.softmax(-1) @ self.to_v(t))
        return x + t.transpose(1, 2).reshape(b, c, h, w)


class Middle(nn.Module):
    def __init__(self, n, groups):
        super().__init__()
        self.resnets = nn.ModuleList([Resnet(n, n, groups) for _ in range(2)])
        self.attentions = nn.ModuleList([Attention(n, groups)])

    def forward(self, x):
        return self.resnets[1](self.attentions[0](self.resnets[0](x)))


class Sampler(nn.Module):
    """Half or twice the size; halving looks right and down alone."""

    def __init__(self, n, up):
        super().__init__()
        self.up = up
        self.conv = conv3(n, n) if up else nn.Conv2d(n, n, 3, stride=2)

    def forward(self, x):
        if self.up:
            return self.conv(F.interpolate(x, scale_factor=2.0))
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Block(nn.Module):
    def __init__(self, n_in, n_out, layers, groups, sampler):
        super().__init__()
        self.resnets = nn.ModuleList(
            [Resnet(n_in if i == 0 else n_out, n_out, groups)
             for i in range(layers)])
        if sampler == "down":
            self.downsamplers = nn.ModuleList([Sampler(n_out, False)])
        if sampler == "up":
            self.upsamplers = nn.ModuleList([Sampler(n_out, True)])

    def forward(self, x):
        for r in self.resnets:
            x = r(x)
        for name in ("downsamplers", "upsamplers"):
            if hasattr(self, name):
                x = getattr(self, name)[0](x)
        return x


class Encoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        ch, groups = c["block_out_channels"], c["norm_num_groups"]
        self.conv_in = conv3(c["in_channels"], ch[0])
        last = len(ch) - 1
        self.down_blocks = nn.ModuleList(
            [Block(ch[max(i - 1, 0)], n, c["layers_per_block"], groups,
                   "down" if i < last else None) for i, n in enumerate(ch)])
        self.mid_block = Middle(ch[-1], groups)
        self.conv_norm_out = nn.GroupNorm(groups, ch[-1], eps=EPS)
        self.conv_out = conv3(ch[-1], 2 * c["latent_channels"])

    def forward(self, x):
        x = self.conv_in(x)
        for b in self.down_blocks:
            x = b(x)
        x = self.mid_block(x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


class Decoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        ch = c["block_out_channels"][::-1]
        groups, last = c["norm_num_groups"], len(ch) - 1
        self.conv_in = conv3(c["latent_channels"], ch[0])
        self.mid_block = Middle(ch[0], groups)
        self.up_blocks = nn.ModuleList(
            [Block(ch[max(i - 1, 0)], n, c["layers_per_block"] + 1, groups,
                   "up" if i < last else None) for i, n in enumerate(ch)])
        self.conv_norm_out = nn.GroupNorm(groups, ch[-1], eps=EPS)
        self.conv_out = conv3(ch[-1], c["out_channels"])

    def forward(self, z):
        x = self.mid_block(self.conv_in(z))
        for b in self.up_blocks:
            x = b(x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


class VAE(nn.Module):
    def __init__(self, config=None):
        super().__init__()
        c = self.config = dict(config or CONFIG)
        n = c["latent_channels"]
        self.encoder = Encoder(c)
        self.decoder = Decoder(c)
        self.quant_conv = nn.Conv2d(2 * n, 2 * n, 1)
        self.post_quant_conv = nn.Conv2d(n, n, 1)

    def moments(self, x):
        """Mean and log of the variance of the latents; x in -1..1."""
        mean, logvar = self.quant_conv(self.encoder(x)).chunk(2, 1)
        return mean, logvar.clamp(-30, 20)

    def encode(self, x):
        """Latents as the UNet sees them: scaled, without noise."""
        return self.moments(x)[0] * self.config["scaling_factor"]

    def decode(self, z):
        """Pictures in about -1..1 of scaled latents."""
        return self.decoder(
            self.post_quant_conv(z / self.config["scaling_factor"]))


@torch.no_grad()
def whiten(vae, mean, cov):
    """Give latents a mean of 0, a deviation of 1 in every channel and channels that
    have nothing in common, from their mean [n] and covariance [n, n].

    Both 1x1 convolutions are linear, so this is a change of their weights and
    nothing else: decode(encode(x)) stays as it is. Noise then covers brightness and
    hues alike, and pictures that begin from noise alone begin from the middle of
    what the UNet has seen. What the encoder says of variances is left as it was;
    nobody asks for it any more.
    """
    n = len(mean)
    q, p = vae.quant_conv, vae.post_quant_conv
    value, axis = torch.linalg.eigh(cov)  # cov = axis diag(value) axis^T
    there = (axis / value.sqrt()).T  # z' = there (z - mean)
    back = axis * value.sqrt()
    p.bias += p.weight[:, :, 0, 0] @ mean
    p.weight[:, :, 0, 0] = p.weight[:, :, 0, 0] @ back
    q.weight[:n, :, 0, 0] = there @ q.weight[:n, :, 0, 0]
    q.bias[:n] = there @ (q.bias[:n] - mean)


def to_pixels(x):
    """[n, 3, h, w] in -1..1 as [n, h, w, 3] bytes, truncated as the renderer."""
    x = (x * 127.5 + 127.5).clamp(0, 255).to(torch.uint8)
    return x.permute(0, 2, 3, 1).contiguous().numpy()


def from_pixels(a):
    """[n, h, w, 3] bytes as [n, 3, h, w] in -1..1."""
    x = torch.as_tensor(a).permute(0, 3, 1, 2).float()
    return x / 127.5 - 1


@torch.no_grad()
def begin(vae):
    """Weights to begin with: a codec of average colours.

    Through the shortcuts of all blocks pass the colours (channels 0 to 2), their
    negatives (3 to 5; silu(x) - silu(-x) = x, so what follows a SiLU is linear in
    them) and a constant, which keeps the norms from hiding how strong a colour is.
    From random weights a thousand steps go into finding as much.
    """
    for m in vae.modules():
        if isinstance(m, Resnet):
            m.conv2.weight *= 0.2
            m.conv2.bias.zero_()
            if hasattr(m, "conv_shortcut"):
                _pass_on(m.conv_shortcut, [(0, 0, 1.0)])
        if isinstance(m, Attention):
            m.to_out[0].weight *= 0.2
        if isinstance(m, Sampler):
            _pass_on(m.conv, [(1, 1, 1.0)] if m.up else
                     [(y, x, 0.25) for y in (0, 1) for x in (0, 1)])
    for part in (vae.encoder, vae.decoder):
        for i in range(3):
            for j, sign in ((i, 1), (i + 3, -1)):
                part.conv_in.weight[j].zero_()
                part.conv_in.bias[j] = 0
                part.conv_in.weight[j, i, 1, 1] = sign
                part.conv_out.weight[i, j] *= 0.1
                part.conv_out.weight[i, j, 1, 1] = sign
            part.conv_out.bias[i] = 0
        part.conv_in.weight[6].zero_()
        part.conv_in.bias[6] = 1
    n = vae.config["latent_channels"]
    for conv, k in ((vae.quant_conv, 2 * n), (vae.post_quant_conv, n)):
        conv.weight.copy_(torch.eye(k).view(k, k, 1, 1))
        conv.bias.zero_()
    vae.quant_conv.weight[n:] *= 0.1
    vae.quant_conv.bias[n:] = -4  # nearly no noise


def _pass_on(conv, taps):
    """Channels go through as they are, besides what the convolution does."""
    conv.weight *= 0.2
    conv.bias.zero_()
    for i in range(min(conv.weight.shape[:2])):
        conv.weight[i, :] *= 0.2
        for y, x, w in taps:
            conv.weight[i, i, y, x] = w
