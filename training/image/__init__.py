"""The tiny image model: SDXL in structure, trained on our own drawings."""
