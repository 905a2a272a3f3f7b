"""What the trainers share: weights files, checkpoints, logs."""
