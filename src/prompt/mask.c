/* mask.c - the box of a region on a renderer's own grid; see omost/plan.h. */
#include <assert.h>

#include "omost/plan.h"

/* Every operation in float32, as torch does it: that decides at the edges.
 * volatile keeps compilers that compute wider from doing so. */
static int nearest_cell(int i, int n)
{
    volatile float scale = (float)OMOST_GRID / (float)n;
    volatile float at = ((float)i + 0.5f) * scale;
    int cell = (int)at;
    return cell < OMOST_GRID ? cell : OMOST_GRID - 1;
}

void omost_mask_index(int n, uint8_t *cells)
{
    assert(n >= 1 && n <= OMOST_MAX_CELLS);
    for (int i = 0; i < n; i++) cells[i] = (uint8_t)nearest_cell(i, n);
}

size_t omost_mask_fill(omost_box box, int rows, int cols, uint8_t *out)
{
    assert(rows >= 1 && rows <= OMOST_MAX_CELLS && cols >= 1 &&
           cols <= OMOST_MAX_CELLS);
    size_t n = 0;
    for (int y = 0; y < rows; y++) {
        int row = nearest_cell(y, rows);
        bool inside = row >= box.top && row < box.bottom;
        for (int x = 0; x < cols; x++) {
            int col = nearest_cell(x, cols);
            bool one = inside && col >= box.left && col < box.right;
            *out++ = one;
            n += one;
        }
    }
    return n;
}
