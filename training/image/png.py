"""PNG files by Cairo."""
import cairo
import numpy as np

from world.draw import pixels


def read(path):
    """[h, w, 3] bytes."""
    return pixels(cairo.ImageSurface.create_from_png(str(path)))


def write(path, a):
    """a [h, w, 3] bytes."""
    h, w = a.shape[:2]
    s = cairo.ImageSurface(cairo.FORMAT_RGB24, w, h)
    b = np.ndarray((h, s.get_stride() // 4, 4), np.uint8, s.get_data())
    b[:, :w, 2::-1] = a
    s.mark_dirty()
    s.write_to_png(str(path))
