"""All parts of the image model, with the sizes we chose, from their checkpoints."""
import dataclasses
import hashlib
import pathlib
import sys

import torch

from common import checkpoint
from image import text, unet, vae
from image.tokenizer import Tokenizer

# What the UNet attends to is the state before the last layer: of three layers two
# count, and the last one only makes the pooled vector (and, in the first encoder,
# nothing at all: there it stays as it was at the beginning).
WIDTHS, HEADS, LAYERS = (64, 128), (2, 4), 3


@dataclasses.dataclass
class Models:
    tok: Tokenizer
    text: text.TextPair
    vae: vae.VAE
    unet: unet.UNet


def new_text(n_vocab):
    c = [text.config(i == 0, n_vocab, WIDTHS[i], LAYERS, HEADS[i])
         for i in range(2)]
    return text.TextPair(*c)


def new_unet(pair):
    return unet.UNet(unet.config(pair.width, pair.pooled))


def load_text(work, tok):
    """The encoders, trained or new."""
    pair = new_text(len(tok))
    saved = checkpoint.load(pathlib.Path(work) / "text.pt")
    if saved:
        pair.load_state_dict(saved["model"])
    return pair.eval()


def load_vae(work):
    v = vae.VAE()
    saved = checkpoint.load(pathlib.Path(work) / "vae.pt")
    if saved:
        v.load_state_dict(saved["average"])
        stats = saved.get("latents")
        if stats:
            vae.whiten(v, stats["mean"], stats["cov"])
    return v.eval()


def load_unet(work, pair):
    u = new_unet(pair)
    saved = checkpoint.load(pathlib.Path(work) / "unet.pt")
    if saved:
        u.load_state_dict(saved["average"])
    return u.eval()


def need(work):
    """Ends the program when a part that the UNet is trained with is not made
    yet: on random ones the training would be for nothing."""
    work = pathlib.Path(work)
    for name, how in (
            ("tokenizer/merges.txt", "image.train_text --vocabulary N"),
            ("text.pt", "image.train_text"), ("vae.pt", "image.train_vae")):
        if not (work / name).exists():
            sys.exit(f"{work / name} is missing; make it with {how} first")
    if not checkpoint.load(work / "vae.pt").get("latents"):
        sys.exit(f"the latents of {work / 'vae.pt'} are not measured; run "
                 f"image.train_vae --measure 150 first")


def mark(m):
    """A short hash of all that kept scenes depend on: what makes latents (the
    encoder, whitened by the measured statistics) and tokens (the merges)."""
    h = hashlib.sha256(repr(m.tok.merges).encode())
    for name, w in sorted(m.vae.state_dict().items()):
        if name.startswith(("encoder.", "quant_conv.")):
            h.update(name.encode() + w.numpy().tobytes())
    return h.hexdigest()[:12]


def load(work, seed=1):
    """Models of a work folder; parts without a checkpoint are random."""
    torch.manual_seed(seed)
    tok = Tokenizer.read(pathlib.Path(work) / "tokenizer")
    pair = load_text(work, tok)
    return Models(tok, pair, load_vae(work), load_unet(work, pair))
