"""Noise: SDXL's levels, what the UNet is asked at each, and the sampler that the
renderer begins with (sigmas.c, sampler.c) for pictures drawn in training."""
import math

import torch

STEPS = 1000
BETAS = torch.linspace(0.00085 ** 0.5, 0.012 ** 0.5, STEPS,
                       dtype=torch.float64) ** 2
ALPHAS = torch.cumprod(1 - BETAS, 0)
SIGMAS = ((1 - ALPHAS) / ALPHAS).sqrt().float()  # ascending
LOGS = SIGMAS.log()


def noisy(x, noise, t):
    """Latents with the noise of the steps t, as the UNet is trained on them:
    x + sigma noise, over sqrt(sigma^2 + 1)."""
    s = SIGMAS[t].view(-1, 1, 1, 1)
    return (x + s * noise) / (s * s + 1).sqrt()


def velocity(x, noise, t):
    """What the UNet is to say: noise where there is little, and the picture (its
    negative) where there is nothing but noise. A UNet that says the noise itself
    would have to hand on its input to within a hundredth there, which takes it
    long to learn."""
    s = SIGMAS[t].view(-1, 1, 1, 1)
    return (noise - s * x) / (s * s + 1).sqrt()


def weights(t, gamma=5.0):
    """Min-SNR: easy steps, where there is nearly no noise, count less."""
    snr = SIGMAS[t] ** -2
    return snr.clamp(max=gamma) / snr


def karras(n, rho=7.0):
    """n + 1 levels, the last one 0."""
    low, high = SIGMAS[0].item() ** (1 / rho), SIGMAS[-1].item() ** (1 / rho)
    ramp = torch.linspace(0, 1, n, dtype=torch.float64)
    s = (high + ramp * (low - high)) ** rho
    return torch.cat([s, torch.zeros(1, dtype=torch.float64)]).float()


def step_of(sigma):
    """The training step whose noise is nearest."""
    return int((LOGS - math.log(sigma)).abs().argmin())


@torch.no_grad()
def sample(noise, sigmas, ask):
    """Latents from noise [n, 4, h, w] by dpm++2m. ask(x_scaled, step) is the guided answer
    of the UNet: a velocity."""
    x = noise * sigmas[0]
    old = None
    for i in range(len(sigmas) - 1):
        s, to = sigmas[i].item(), sigmas[i + 1].item()
        v = ask(x / math.sqrt(s * s + 1), step_of(s))
        d = x / (s * s + 1) - s / math.sqrt(s * s + 1) * v
        if to == 0:
            return d
        h = math.log(s) - math.log(to)
        y = d
        if old is not None:
            r = (math.log(sigmas[i - 1].item()) - math.log(s)) / h
            y = (1 + 1 / (2 * r)) * d - 1 / (2 * r) * old
        x = to / s * x - math.expm1(-h) * y
        old = d
    return x
