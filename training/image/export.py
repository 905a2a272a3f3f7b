#!/usr/bin/python3
"""The trained parts as a folder that diffusers, and our renderer, can load.

    PYTHONPATH=training python3 -m image.export --work WORK --out FOLDER [--f32]

WORK holds tokenizer/ and the checkpoints vae.pt, text.pt, unet.pt; a part that is
not there yet gets random weights, so that the rest can be tried.
"""
import argparse
import json
import pathlib

import numpy as np

from common import safetensors
from image import models

SCHEDULER = {"_class_name": "EulerDiscreteScheduler", "beta_end": 0.012,
             "beta_schedule": "scaled_linear", "beta_start": 0.00085,
             "num_train_timesteps": 1000, "prediction_type": "v_prediction",
             "timestep_spacing": "leading", "steps_offset": 1}
INDEX = {"_class_name": "StableDiffusionXLPipeline",
         "_diffusers_version": "0.28.0",
         "force_zeros_for_empty_prompt": False,
         "scheduler": ["diffusers", "EulerDiscreteScheduler"],
         "text_encoder": ["transformers", "CLIPTextModel"],
         "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
         "tokenizer": ["transformers", "CLIPTokenizer"],
         "tokenizer_2": ["transformers", "CLIPTokenizer"],
         "unet": ["diffusers", "UNet2DConditionModel"],
         "vae": ["diffusers", "AutoencoderKL"]}


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def write_part(folder, part, module, config, dtype):
    stem = "model" if part.startswith("text") else "diffusion_pytorch_model"
    write_json(folder / part / "config.json", config)
    tensors = {k: v.numpy() for k, v in module.state_dict().items()}
    name = f"{stem}.fp16.safetensors" if dtype == np.float16 \
        else f"{stem}.safetensors"
    safetensors.write(folder / part / name, tensors, dtype)
    return sum(t.size for t in tensors.values())


def export(m, folder, dtype=np.float16):
    """Write the models of `models.load` to a folder; parameters by part."""
    folder = pathlib.Path(folder)
    m.tok.write(folder / "tokenizer")
    m.tok.write(folder / "tokenizer_2", second=True)
    write_json(folder / "scheduler" / "scheduler_config.json", SCHEDULER)
    write_json(folder / "model_index.json", INDEX)
    return {part: write_part(folder, part, module, module.config, dtype)
            for part, module in (("unet", m.unet), ("vae", m.vae),
                                 ("text_encoder", m.text.one),
                                 ("text_encoder_2", m.text.two))}


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--work", required=True, help="folder of the checkpoints")
    p.add_argument("--out", required=True, help="the folder to write")
    p.add_argument("--f32", action="store_true", help="f32 instead of f16")
    a = p.parse_args()
    m = models.load(a.work)
    n = export(m, a.out, np.float32 if a.f32 else np.float16)
    size = sum(f.stat().st_size for f in pathlib.Path(a.out).rglob("*")
               if f.is_file())
    print(", ".join(f"{k} {v:,}" for k, v in n.items()),
          f"parameters; {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
