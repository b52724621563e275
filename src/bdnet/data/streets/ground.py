"""Textures of road and pavement, and the marks on the road."""

import numpy as np

from bdnet.data.streets.classes import Label
from bdnet.data.streets.props import floor
from bdnet.data.streets.rasteriser import Surface
from bdnet.data.streets.street import KERB
from bdnet.data.streets.textures import (
    Texels,
    Texture,
    filled,
    noise,
    pick_colour,
    premultiplied,
    to_bytes,
)


def asphalt(random: np.random.Generator, width: float, period: float, scale: float) -> Texels:
    """Return a road [h,w,3] of `width` by `period` metres with its lines, `scale` texels/metre."""
    rows, columns = round(period * scale / 2), round(width * scale)
    tone = random.uniform(72, 112)
    picture = filled(rows, columns, (tone, tone, tone + random.uniform(-3, 7)))
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
    return to_bytes(picture + (215 - picture) * paint * wear)


def paving(
    random: np.random.Generator, width: float, gap: float, period: float, scale: float
) -> Texels:
    """Return two pavements [h,w,3] of `width` metres with their kerbs at a gap between them."""
    right = _pavement(random, width, period, scale)
    middle = filled(len(right), round(gap * scale), (90, 90, 90))
    return np.concatenate([right[:, ::-1], to_bytes(middle), right], 1)


def _pavement(random: np.random.Generator, width: float, period: float, scale: float) -> Texels:
    """Return a pavement [h,w,3] whose left edge is the kerb."""
    rows, columns = round(period * scale / 2), round(width * scale)
    base = pick_colour(random, [(150, 144, 136), (166, 160, 152), (150, 128, 112), (134, 136, 140)])
    picture = filled(rows, columns, base)
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
    return to_bytes(picture)


def stains(random: np.random.Generator, end: float) -> list[Surface]:
    """Return patches, stains and manhole covers on the road."""
    marks = []
    textures = []
    for _ in range(4):
        field = noise(random, 48, 48, 24, 3)
        ramp = np.linspace(-1, 1, 48, dtype=np.float32)
        inside = 1.1 - np.maximum(np.abs(ramp)[:, None], np.abs(ramp)[None]) ** 2 + 0.2 * field
        tone = float(random.uniform(30, 62))
        picture = np.full((48, 48, 3), tone, np.float32)
        textures.append(Texture(premultiplied(picture, np.clip((inside - 0.5) * 3, 0, 1) * 0.4)))
    z = 2.0
    while z < end - 60.0:
        x = float(random.uniform(-KERB + 0.8, KERB - 0.8))
        wide, long = float(random.uniform(0.4, 1.2)), float(random.uniform(0.6, 3.0))
        texture = textures[int(random.integers(len(textures)))]
        marks.append(floor(texture, Label.UNCHANGED, (x - wide, x + wide), (z, z + long)))
        z += float(random.uniform(1.5, 6.0))
    return marks


def crosswalk(z: float, scale: float) -> Surface:
    """Return the stripes on which people cross."""
    columns = round(2 * KERB * scale)
    stripes = (np.arange(columns) / scale + 0.25) % 1.0 < 0.5
    alpha = np.where(stripes, np.float32(0.85), np.float32(0))[None].repeat(round(1.2 * scale), 0)
    paint = Texture(premultiplied(np.full((*alpha.shape, 3), 206, np.float32), alpha))
    return floor(paint, Label.UNCHANGED, (-KERB, KERB), (z - 1.7, z + 1.7))
