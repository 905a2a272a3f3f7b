"""The tiny language model: vocabulary, model, training, export, judge."""
