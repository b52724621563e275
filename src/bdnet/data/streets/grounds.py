"""Road and pavement."""

from __future__ import annotations

import numpy as np

from bdnet.data.streets.textures import Texels, noise, painted, pick, quantised


def asphalt(random: np.random.Generator, width: float, period: float, scale: float) -> Texels:
    """Return a road [h,w,3] of `width` by `period` metres with its lines, `scale` texels/metre."""
    rows, columns = round(period * scale / 2), round(width * scale)
    tone = random.uniform(72, 112)
    picture = painted(rows, columns, (tone, tone, tone + random.uniform(-3, 7)))
    picture += 5 * noise(random, rows, columns, columns / 3, 3)[..., None]
    picture += 7 * random.standard_normal((rows, columns, 1), np.float32)
    metres = (np.arange(columns) + 0.5) / scale - width / 2
    for lane in (-1.6, 1.6):  # tyres polish two tracks per lane
        for track in (-0.75, 0.75):
            picture -= 9 * np.exp(-(((metres - lane - track) / 0.28) ** 2))[None, :, None]
    picture *= (1 - 0.35 * np.exp(-(((np.abs(metres) - width / 2) / 0.16) ** 2)))[None, :, None]
    wear = np.clip(0.85 + 0.16 * noise(random, rows, columns, 12, 2), 0.3, 1)[..., None]
    paint = np.zeros((rows, columns, 1), np.float32)
    paint[: round(rows * 0.42), np.abs(metres) < 0.09] = 1
    if random.random() < 0.6:
        paint[:, np.abs(np.abs(metres) - 3.25) < 0.06] = 1
    return quantised(picture + (215 - picture) * paint * wear)


def paving(
    random: np.random.Generator, width: float, gap: float, period: float, scale: float
) -> Texels:
    """Return two pavements [h,w,3] of `width` metres with their kerbs at a gap between them."""
    right = _pavement(random, width, period, scale)
    middle = painted(len(right), round(gap * scale), (90, 90, 90))
    return np.concatenate([right[:, ::-1], quantised(middle), right], 1)


def _pavement(random: np.random.Generator, width: float, period: float, scale: float) -> Texels:
    """Return a pavement [h,w,3] whose left edge is the kerb."""
    rows, columns = round(period * scale / 2), round(width * scale)
    base = pick(random, [(150, 144, 136), (166, 160, 152), (150, 128, 112), (134, 136, 140)])
    picture = painted(rows, columns, base)
    slab_y, slab_x = (rows / 10, scale * 0.8) if random.random() < 0.5 else (rows / 16, scale * 0.5)
    y = np.floor(np.arange(rows) / slab_y).astype(int)
    x = np.floor(np.arange(columns) / slab_x).astype(int)
    tones = random.normal(0, 8, (y[-1] + 1, x[-1] + 1))
    picture += tones[y][:, x][..., None].astype(np.float32)
    joint = np.maximum(np.diff(y, prepend=-1)[:, None] != 0, np.diff(x, prepend=0)[None] != 0)
    picture -= 22 * joint[..., None]
    picture += 5 * noise(random, rows, columns, 40, 2)[..., None]
    kerb = max(2, round(0.28 * scale))
    picture[:, :kerb] = 186 + 6 * random.standard_normal((rows, kerb, 1), np.float32)
    picture[:, : max(1, kerb // 3)] *= 0.72
    picture[:: max(2, rows // 8), :kerb] -= 40
    return quantised(picture)
