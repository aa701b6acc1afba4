"""Draws the demo pictures: the things of draw.py, at seeds that training never uses, before scenes laid out by hand.

    python pictures.py OUT_DIR
"""
import csv
import pathlib
import sys

import numpy as np
from PIL import Image

import draw

FIRST_SEED = 7000


def sky(top, bottom):
    return lambda x, y: draw.ramp(draw.rgb(top), draw.rgb(bottom), (y + 1) / 2 + 0 * x)


def glow(inner, outer, cx, cy, reach):
    return lambda x, y: draw.ramp(draw.rgb(inner), draw.rgb(outer), np.hypot(x - cx, y - cy) / reach)


def blob(cx, cy, rx, ry, colour, strength=1.0, soft=0.25):
    """soft ellipse: weight falls from `strength` to 0 over `soft` of the radius"""
    def layer(x, y, below):
        d = np.sqrt(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2)
        t = np.clip((1 + soft / 2 - d) / soft, 0, 1)
        return below + (strength * t * t * (3 - 2 * t))[..., None] * (draw.rgb(colour) - below)
    return layer


def ground(horizon, near, far, wave=0.0, turns=2.0, phase=0.0):
    """everything below a waving horizon, `far` at the horizon and `near` at the lower edge"""
    def layer(x, y, below):
        edge = horizon + wave * np.sin(turns * x + phase)
        t = np.clip((y - edge) * 60 + 0.5, 0, 1)
        return below + t[..., None] * (draw.ramp(draw.rgb(far), draw.rgb(near), (y - edge) / (1 - horizon)) - below)
    return layer


def cloud(cx, cy, size, colour=(255, 255, 255), strength=0.85):
    parts = [(-0.55, 0.06, 0.42, 0.2), (0, -0.08, 0.5, 0.32), (0.5, 0.05, 0.42, 0.22), (0, 0.12, 0.9, 0.16)]
    return [blob(cx + size * px, cy + size * py, size * rx, size * ry, colour, strength, 0.5)
            for px, py, rx, ry in parts]


def points(seed, count, low, high, size, colours, strength=0.9, soft=0.6):
    """round spots strewn between the heights low and high"""
    rng = np.random.default_rng(seed)
    return [blob(rng.uniform(-1.35, 1.35), rng.uniform(low, high), s, s, colours[rng.integers(len(colours))],
                 strength, soft) for s in rng.uniform(*size, count)]


MEADOW = dict(near=(66, 128, 52), far=(150, 196, 88))
# name: (width, height), seed, scale, shift, base, layers
SCENES = {
    "apple": ((480, 480), 3, 0.66, (0, 0.03), glow((250, 238, 214), (214, 180, 140), -0.3, -0.5, 1.7),
              [ground(0.52, (128, 78, 44), (176, 118, 70)), blob(0.05, 0.66, 0.62, 0.1, (84, 48, 26), 0.7, 1.0)]),
    "balloon": ((480, 480), 13, 0.78, (0.02, 0), sky((74, 144, 220), (196, 226, 250)),
                cloud(-0.62, 0.42, 0.42) + cloud(0.68, -0.45, 0.36) + cloud(0.55, 0.78, 0.5)),
    "butterfly": ((640, 480), 7, 0.72, (0, 0), sky((196, 224, 150), (92, 156, 84)),
                  points(3, 9, -0.9, 0.9, (0.14, 0.3), [(236, 246, 190), (170, 210, 120), (250, 236, 230)], 0.4, 0.2)),
    "car": ((640, 480), 12, 0.82, (0, 0.12), sky((250, 196, 140), (255, 236, 200)),
            [blob(-0.75, -0.42, 0.2, 0.2, (255, 250, 224), 1, 0.3),
             ground(0.2, (120, 150, 120), (170, 186, 150), 0.09, 2.6, 0.6), ground(0.4, (84, 86, 94), (120, 122, 130)),
             blob(0, 0.62, 0.9, 0.08, (48, 48, 56), 0.75, 1.0)]),
    "cup": ((480, 480), 0, 0.74, (0.02, 0.0), sky((250, 232, 208), (238, 204, 170)),
            [ground(0.3, (112, 74, 54), (164, 116, 86)), blob(-0.02, 0.62, 0.8, 0.1, (74, 46, 34), 0.6, 1.0)]),
    "fish": ((640, 480), 1, 0.74, (0, 0), sky((88, 196, 216), (14, 70, 128)),
             [ground(0.78, (150, 132, 96), (196, 178, 132), 0.05, 3.0)]
             + points(4, 9, -0.8, 0.5, (0.03, 0.07), [(190, 236, 244)], 0.6, 0.3)),
    "flower": ((480, 600), 3, 0.84, (0, 0), sky((246, 240, 186), (176, 214, 120)),
               [ground(0.72, (70, 130, 60), (120, 176, 84), 0.06, 2.0, 1.0)]
               + points(5, 8, -1.1, 0.5, (0.16, 0.32), [(255, 252, 224), (214, 234, 150)], 0.45, 0.5)),
    "house": ((640, 480), 0, 0.7, (0, 0.02), sky((98, 168, 232), (214, 236, 250)),
              cloud(-0.85, -0.62, 0.36) + cloud(0.9, -0.4, 0.3)
              + [ground(0.3, (92, 150, 96), (140, 190, 130), 0.14, 2.2, 2.2), ground(0.52, wave=0.04, **MEADOW)]),
    "moon": ((480, 480), 5, 0.62, (0.02, -0.08), sky((16, 20, 58), (72, 62, 120)),
             points(6, 34, -0.95, 0.5, (0.008, 0.018), [(255, 255, 255), (255, 240, 200)], 0.9, 0.6)
             + [blob(0, -0.1, 1.0, 1.0, (150, 140, 190), 0.35, 1.2),
                ground(0.74, (10, 14, 32), (24, 28, 56), 0.08, 3.0, 0.4)]),
    "mushroom": ((480, 480), 3, 0.68, (0, 0.0), glow((206, 222, 150), (52, 92, 60), 0.1, -0.5, 1.6),
                 points(9, 7, -0.9, 0.3, (0.12, 0.26), [(236, 244, 180), (120, 170, 96)], 0.35, 0.5)
                 + [ground(0.54, (52, 70, 34), (98, 124, 54), 0.04, 3.0),
                    blob(0, 0.66, 0.4, 0.07, (34, 44, 22), 0.7, 1.0)]),
    "sailboat": ((640, 480), 8, 0.76, (0, -0.02), sky((120, 190, 236), (250, 228, 200)),
                 cloud(-0.8, -0.55, 0.4) + cloud(0.85, -0.25, 0.3)
                 + [ground(0.36, (16, 84, 138), (104, 176, 204)), ground(0.7, (12, 70, 122), (30, 104, 158), 0.02, 9.0),
                    blob(0.05, 0.68, 0.75, 0.07, (10, 50, 92), 0.7, 1.0)]),
    "umbrella": ((480, 480), 10, 0.74, (0, -0.02), sky((120, 140, 164), (190, 202, 214)),
                 cloud(-0.5, -0.8, 0.55, (98, 114, 138), 0.8) + cloud(0.6, -0.72, 0.5, (104, 120, 144), 0.8)
                 + [ground(0.76, (92, 104, 116), (134, 148, 160)),
                    blob(0.15, 0.86, 0.4, 0.05, (72, 84, 98), 0.6, 1.0)]),
}


def scene(name):
    (width, height), seed, scale, shift, base, layers = SCENES[name]
    x, y = draw.grid(width, height)
    out = base(x, y)
    for layer in layers:
        out = layer(x, y, out)
    rng = np.random.default_rng(FIRST_SEED + seed)
    colour, alpha = draw.thing(rng, name, width, height, scale, np.array(shift), 4, strew=False)
    out = out + alpha[..., None] * (colour - out)
    return (np.clip(out, 0, 1) * 255 + 0.5).astype(np.uint8)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "labels.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file", "label"])
        for name in SCENES:
            Image.fromarray(scene(name)).save(folder / f"{name}.png", optimize=True)
            table.writerow([f"{name}.png", draw.LABELS.index(name)])


if __name__ == "__main__":
    main()
