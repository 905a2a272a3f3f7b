"""The text of the world: canvases, wishes and conversations about scenes."""
