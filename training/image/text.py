"""The two text encoders: CLIPTextModel and CLIPTextModelWithProjection with the
names of transformers. What the UNet sees of both is the state before the last
layer; the second one's projection at the end mark is the pooled vector."""
import torch
import torch.nn.functional as F
from torch import nn

from image.bags import ROW


def config(first, vocab, width, layers, heads):
    """The config.json of an encoder."""
    kind = "CLIPTextModel" if first else "CLIPTextModelWithProjection"
    return {"architectures": [kind], "model_type": "clip_text_model",
            "hidden_act": "quick_gelu" if first else "gelu",
            "hidden_size": width, "intermediate_size": 4 * width,
            "layer_norm_eps": 1e-05, "max_position_embeddings": ROW,
            "num_attention_heads": heads, "num_hidden_layers": layers,
            "projection_dim": width, "vocab_size": vocab,
            "bos_token_id": vocab - 2, "eos_token_id": vocab - 1}


class Attention(nn.Module):
    def __init__(self, n, heads):
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(n, n)
        self.k_proj = nn.Linear(n, n)
        self.v_proj = nn.Linear(n, n)
        self.out_proj = nn.Linear(n, n)

    def forward(self, x, later):
        b, t, c = x.shape

        def split(y):
            return y.view(b, t, self.heads, -1).transpose(1, 2)

        q, k, v = (split(p(x)) for p in (self.q_proj, self.k_proj, self.v_proj))
        a = q @ k.transpose(2, 3) * (c // self.heads) ** -0.5 + later
        return self.out_proj((a.softmax(-1) @ v).transpose(1, 2)
                             .reshape(b, t, c))


class MLP(nn.Module):
    def __init__(self, n, act):
        super().__init__()
        self.act = act
        self.fc1 = nn.Linear(n, 4 * n)
        self.fc2 = nn.Linear(4 * n, n)

    def forward(self, x):
        h = self.fc1(x)
        h = h * torch.sigmoid(1.702 * h) if self.act == "quick_gelu" else F.gelu(h)
        return self.fc2(h)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        n = c["hidden_size"]
        self.layer_norm1 = nn.LayerNorm(n, eps=c["layer_norm_eps"])
        self.self_attn = Attention(n, c["num_attention_heads"])
        self.layer_norm2 = nn.LayerNorm(n, eps=c["layer_norm_eps"])
        self.mlp = MLP(n, c["hidden_act"])

    def forward(self, x, later):
        x = x + self.self_attn(self.layer_norm1(x), later)
        return x + self.mlp(self.layer_norm2(x))


class Embeddings(nn.Module):
    def __init__(self, c):
        super().__init__()
        n = c["hidden_size"]
        self.token_embedding = nn.Embedding(c["vocab_size"], n)
        self.position_embedding = nn.Embedding(ROW, n)
        nn.init.normal_(self.token_embedding.weight, std=0.1)
        nn.init.normal_(self.position_embedding.weight, std=0.05)

    def forward(self, ids):
        return self.token_embedding(ids) + \
            self.position_embedding.weight[:ids.shape[1]]


class Layers(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.layers = nn.ModuleList(
            [Layer(c) for _ in range(c["num_hidden_layers"])])


class TextModel(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embeddings = Embeddings(c)
        self.encoder = Layers(c)
        self.final_layer_norm = nn.LayerNorm(c["hidden_size"],
                                             eps=c["layer_norm_eps"])


class TextEncoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        self.text_model = TextModel(c)
        if "WithProjection" in c["architectures"][0]:
            self.text_projection = nn.Linear(c["hidden_size"],
                                             c["projection_dim"], bias=False)
        later = torch.full((ROW, ROW), float("-inf")).triu(1)
        self.register_buffer("later", later, persistent=False)

    def forward(self, ids, tail=False):
        """States before the last layer [n, 77, width]; with `tail` the projected
        vector at the end mark as well."""
        m = self.text_model
        later = self.later[:ids.shape[1], :ids.shape[1]]
        x = m.embeddings(ids)
        for layer in m.encoder.layers[:-1]:
            x = layer(x, later)
        if not tail:
            return x, None
        y = m.final_layer_norm(m.encoder.layers[-1](x, later))
        end = ids.argmax(1)  # the end mark is the largest id
        y = y[torch.arange(len(ids)), end]
        return x, self.text_projection(y)


class TextPair(nn.Module):
    """Both encoders: ids to what the UNet attends to."""

    def __init__(self, c1, c2):
        super().__init__()
        self.one = TextEncoder(c1)
        self.two = TextEncoder(c2)
        self.width = c1["hidden_size"] + c2["hidden_size"]
        self.pooled = c2["projection_dim"]

    def forward(self, ids_1, ids_2, tail=True):
        """[n, 77, width] and [n, pooled] (None without `tail`)."""
        a, _ = self.one(ids_1)
        b, pooled = self.two(ids_2, tail)
        return torch.cat([a, b], -1), pooled
