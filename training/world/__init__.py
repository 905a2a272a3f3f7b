"""The small world: scenes of things before backdrops, drawn with Cairo."""
