"""Draws pictures of sixteen nameable things: random shape, colour, light, texture, pose and background.

Everything is drawn in the unit of half the picture's short side, so that one function serves a 96 x 96 training
picture and a 640 x 480 one to look at. Needs NumPy and Pillow.
"""
import colorsys
import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

LABELS = ["apple", "balloon", "butterfly", "car", "cup", "fish", "flower", "heart",
          "house", "key", "moon", "mushroom", "sailboat", "star", "tree", "umbrella"]
# Largest rotation in degrees: what stands on the ground is seen nearly upright.
TILT = dict(apple=30, balloon=25, butterfly=60, car=12, cup=15, fish=30, flower=25, heart=35, house=8, key=180,
            moon=60, mushroom=20, sailboat=12, star=180, tree=8, umbrella=35)


# ---------------------------------------------------------------- colours and outlines

def hsv(h, s, v):
    return tuple(round(255 * c) for c in colorsys.hsv_to_rgb(h % 1, min(max(s, 0), 1), min(max(v, 0), 1)))


def tint(colour, factor):
    """factor < 1 darkens, > 1 moves towards white"""
    if factor <= 1:
        return tuple(round(c * factor) for c in colour)
    return tuple(round(255 - (255 - c) / factor) for c in colour)


def vivid(rng, hue=None, spread=0.05):
    """a strong colour; near `hue` in two of three cases, any hue otherwise"""
    if hue is None or rng.random() < 0.33:
        h = rng.random()
    else:
        h = hue + rng.uniform(-spread, spread)
    return hsv(h, rng.uniform(0.45, 1), rng.uniform(0.6, 1))


def brown(rng):
    return hsv(rng.uniform(0.05, 0.1), rng.uniform(0.4, 0.8), rng.uniform(0.3, 0.6))


def pale(rng):
    return hsv(rng.random(), rng.uniform(0, 0.2), rng.uniform(0.85, 1))


def ellipse(cx, cy, rx, ry, start=0, end=360, turn=0, n=48):
    a = np.radians(np.linspace(start, end, n, endpoint=end - start < 360))
    x, y = rx * np.cos(a), ry * np.sin(a)
    t = math.radians(turn)
    return np.stack([cx + x * math.cos(t) - y * math.sin(t), cy + x * math.sin(t) + y * math.cos(t)], 1)


def smooth(points, n=8):
    """closed Catmull-Rom curve through the points"""
    p1 = np.asarray(points, float)
    p0, p2, p3 = np.roll(p1, 1, 0), np.roll(p1, -1, 0), np.roll(p1, -2, 0)
    t = np.linspace(0, 1, n, endpoint=False)[None, :, None]
    p0, p1, p2, p3 = (p[:, None] for p in (p0, p1, p2, p3))
    c = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t ** 2 + (3 * p1 - p0 - 3 * p2 + p3) * t ** 3)
    return c.reshape(-1, 2)


def rectangle(x0, y0, x1, y1):
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], float)


# ---------------------------------------------------------------- the things: lists of (points, colour, stroke width)
# A stroke width of 0 fills the outline. x points right, y down; each thing fills about [-1, 1].

def apple(rng):
    c = vivid(rng, rng.choice([0.0, 0.28, 0.13]))
    w = rng.uniform(0.85, 0.98)
    half = [(0, -0.5), (0.35, -0.66), (0.75, -0.5), (w, -0.02), (0.75, 0.6), (0.38, 0.9), (0, 0.8)]
    body = smooth(half + [(-x, y) for x, y in half[-2:0:-1]])
    lean = rng.uniform(-0.2, 0.2)
    parts = [(np.array([(0, -0.45), (lean / 2, -0.75), (lean, -0.98)]), brown(rng), 0.1)]
    parts.append((body, c, 0))
    if rng.random() < 0.8:
        parts.append((ellipse(0.3 + lean / 2, -0.8, 0.28, 0.12, turn=-25), vivid(rng, 0.33), 0))
    parts.append((ellipse(-0.45, -0.2, 0.1, 0.2, turn=20), tint(c, 1.8), 0))
    return parts


def balloon(rng):
    c = vivid(rng)
    w = rng.uniform(0.5, 0.62)
    half = [(0, -1), (w * 0.75, -0.82), (w, -0.4), (w * 0.75, 0.02), (0.12, 0.33)]
    y = np.linspace(0.4, 1, 14)
    a, f = rng.uniform(0.03, 0.1), rng.uniform(6, 12)
    string = np.stack([a * np.sin((y - 0.4) * f), y], 1)
    return [(string, tint(c, rng.uniform(0.3, 0.6)), 0.05),
            (np.array([(0, 0.28), (0.13, 0.47), (-0.13, 0.47)]), tint(c, 0.75), 0),
            (smooth(half + [(-x, y) for x, y in half[:0:-1]]), c, 0),
            (ellipse(-w * 0.4, -0.6, 0.09, 0.18, turn=25), tint(c, 2.2), 0)]


def butterfly(rng):
    c = vivid(rng)
    d = vivid(rng) if rng.random() < 0.6 else tint(c, 0.6)
    s = hsv(rng.random(), rng.uniform(0, 0.4), rng.uniform(0.8, 1))
    body = hsv(rng.random(), 0.4, rng.uniform(0.1, 0.35))
    up, low = rng.uniform(0.42, 0.52), rng.uniform(0.3, 0.4)
    parts = []
    for m in (-1, 1):
        parts.append((ellipse(m * 0.42, 0.42, low, low * 0.85, turn=m * 40), d, 0))
        parts.append((ellipse(m * 0.52, -0.3, up, up * 0.72, turn=-m * 40), c, 0))
        parts.append((ellipse(m * 0.6, -0.38, up * 0.35, up * 0.3), s, 0))
        if rng.random() < 0.7:
            parts.append((ellipse(m * 0.45, 0.45, low * 0.35, low * 0.35), tint(c, 1.5), 0))
        parts.append((np.array([(0, -0.45), (m * 0.1, -0.7), (m * 0.24, -0.88)]), body, 0.05))
    parts.append((ellipse(0, 0, 0.1, 0.55), body, 0))
    return parts


def car(rng):
    c = vivid(rng)
    glass = hsv(rng.uniform(0.5, 0.6), rng.uniform(0.1, 0.4), rng.uniform(0.7, 1))
    tyre = hsv(rng.random(), 0.1, rng.uniform(0.08, 0.25))
    roof, front, back = rng.uniform(-0.58, -0.45), rng.uniform(0.25, 0.45), rng.uniform(-0.6, -0.4)
    cabin = np.array([(back - 0.2, -0.02), (back, roof), (front, roof), (front + 0.3, -0.02)])
    body = np.array([(-0.97, 0.0), (-0.85, -0.1), (0.75, -0.08), (0.97, 0.1), (1, 0.38), (-1, 0.38)])
    mid = (back + front) / 2
    parts = [(cabin, c, 0), (body, c, 0)]
    top = roof + 0.1
    for pane in ([(back - 0.08, -0.06), (back + 0.05, top), (mid - 0.04, top), (mid - 0.04, -0.06)],
                 [(mid + 0.04, -0.06), (mid + 0.04, top), (front - 0.02, top), (front + 0.16, -0.06)]):
        parts.append((np.array(pane), glass, 0))
    parts.append((ellipse(0.9, 0.12, 0.07, 0.08), hsv(0.15, 0.4, 1), 0))
    r = rng.uniform(0.2, 0.25)
    for x in (-0.55, 0.55):
        parts += [(ellipse(x, 0.4, r, r), tyre, 0), (ellipse(x, 0.4, r * 0.5, r * 0.5), hsv(0, 0, 0.75), 0)]
    return parts


def cup(rng):
    c = vivid(rng) if rng.random() < 0.7 else pale(rng)
    top, low = rng.uniform(0.55, 0.66), rng.uniform(0.38, 0.6)
    parts = []
    if rng.random() < 0.5:
        parts.append((ellipse(-0.1, 0.72, 0.92, 0.15), tint(c, 0.85), 0))
    parts.append((ellipse(top - 0.08, 0.05, 0.34, 0.32, -100, 100), c, rng.uniform(0.1, 0.15)))
    bowl = [[(-0.12 - top, -0.42)], ellipse(-0.12, 0.6, low, 0.14, 180, 0), [(-0.12 + top, -0.42)]]
    parts.append((np.concatenate(bowl), c, 0))
    if rng.random() < 0.4:
        y = rng.uniform(-0.1, 0.3)
        parts.append((rectangle(-0.1 - low, y, -0.14 + low, y + rng.uniform(0.08, 0.2)), pale(rng), 0))
    parts.append((ellipse(-0.12, -0.42, top, 0.16), tint(c, 1.25), 0))
    parts.append((ellipse(-0.12, -0.41, top * 0.86, 0.11), brown(rng), 0))
    if rng.random() < 0.4:
        y = np.linspace(-0.6, -1, 10)
        for x in (-0.35, 0.1):
            parts.append((np.stack([x + 0.07 * np.sin(y * 12), y], 1), (235, 235, 240), 0.05))
    return parts


def fish(rng):
    c = vivid(rng)
    d = vivid(rng) if rng.random() < 0.5 else tint(c, 0.7)
    h = rng.uniform(0.38, 0.58)
    t = rng.uniform(0.35, 0.5)
    parts = [(smooth([(-0.45, 0), (-0.97, -t), (-0.82, 0), (-0.97, t)]), d, 0),
             (smooth([(-0.15, -h * 0.8), (0.0, -h - 0.25), (0.35, -h * 0.8)]), d, 0),
             (smooth([(-0.1, h * 0.8), (-0.05, h + 0.2), (0.25, h * 0.8)]), d, 0),
             (smooth([(-0.6, 0), (-0.2, -h * 0.8), (0.25, -h), (0.7, -h * 0.65), (0.97, 0), (0.7, h * 0.65), (0.25, h),
                      (-0.2, h * 0.8)]), c, 0)]
    if rng.random() < 0.5:
        s = pale(rng)
        for x in (-0.12, 0.2):
            parts.append((np.array([(x, -h * 0.75), (x + 0.13, -h * 0.8), (x + 0.13, h * 0.8), (x, h * 0.75)]), s, 0))
    parts += [(np.array([(0.12, 0.02), (-0.16, 0.16), (-0.02, 0.24)]), d, 0),
              (ellipse(0.62, -0.14, 0.12, 0.12), (250, 250, 250), 0),
              (ellipse(0.65, -0.14, 0.06, 0.06), (20, 20, 30), 0)]
    return parts


def flower(rng):
    c = vivid(rng)
    n = int(rng.integers(5, 10))
    stem = rng.random() < 0.6
    cy, r = (-0.35, 0.62) if stem else (0, 0.95)
    green = vivid(rng, 0.33)
    parts = []
    if stem:
        lean = rng.uniform(-0.15, 0.15)
        parts.append((np.array([(0, cy), (lean, 0.4), (0, 1)]), green, 0.1))
        for m in (-1, 1):
            parts.append((ellipse(lean + m * 0.27, 0.55, 0.28, 0.12, turn=-m * 35), green, 0))
    first, w = rng.uniform(0, 360), rng.uniform(0.75, 1.0) * math.pi / n
    for k in range(n):
        a = first + 360 * k / n
        x, y = math.cos(math.radians(a)), math.sin(math.radians(a))
        shade = c if k % 2 or rng.random() < 0.5 else tint(c, 0.9)
        parts.append((ellipse(0.6 * r * x, cy + 0.6 * r * y, 0.42 * r, max(w * 0.62, 0.2) * r, turn=a), shade, 0))
    parts.append((ellipse(0, cy, 0.3 * r, 0.3 * r), vivid(rng, 0.14), 0))
    return parts


def heart(rng):
    c = vivid(rng, 0.97)
    t = np.linspace(0, 2 * math.pi, 72, endpoint=False)
    x = 16 * np.sin(t) ** 3 / 17
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 17
    outline = np.stack([x * rng.uniform(0.88, 1.05), y * rng.uniform(0.88, 1.05) - 0.1], 1)
    parts = [(outline, c, 0)]
    style = rng.random()
    if style < 0.25:
        parts.append((outline * 0.6 + (0, -0.04), tint(c, rng.choice([0.7, 1.6])), 0))
    elif style < 0.7:
        parts.append((ellipse(-0.48, -0.45, 0.13, 0.2, turn=35), tint(c, 2), 0))
    return parts


def house(rng):
    wall, roof, door = (vivid(rng, 0.1) if rng.random() < 0.6 else pale(rng)), vivid(rng, 0.02), brown(rng)
    w, top, peak = rng.uniform(0.62, 0.78), rng.uniform(-0.2, 0.0), rng.uniform(-0.95, -0.75)
    light = hsv(rng.choice([0.14, 0.55]), rng.uniform(0.2, 0.6), 1)
    parts = []
    if rng.random() < 0.6:
        parts.append((rectangle(0.35, -0.85, 0.55, -0.2), tint(roof, 0.7), 0))
    parts += [(rectangle(-w, top - 0.05, w, 0.88), wall, 0),
              (np.array([(-w - 0.2, top), (0, peak), (w + 0.2, top)]), roof, 0)]
    x = rng.uniform(-0.1, 0.05)
    parts.append((rectangle(x - 0.14, 0.38, x + 0.16, 0.88), door, 0))
    for m in (-1, 1):
        cx = m * w * 0.62
        parts.append((rectangle(cx - 0.15, 0.14, cx + 0.15, 0.42), light, 0))
        parts.append((np.array([(cx, 0.14), (cx, 0.42)]), tint(door, 0.8), 0.04))
    if rng.random() < 0.4:
        parts.append((ellipse(0, (top + peak) / 2 + 0.1, 0.12, 0.12), light, 0))
    return parts


def key(rng):
    c = hsv(rng.uniform(0.1, 0.16), rng.uniform(0.5, 0.9), rng.uniform(0.7, 1)) if rng.random() < 0.5 else \
        (hsv(0.6, rng.uniform(0, 0.15), rng.uniform(0.6, 0.9)) if rng.random() < 0.5 else vivid(rng))
    r = rng.uniform(0.28, 0.36)
    thick = rng.uniform(0.13, 0.19)
    parts = [(np.array([(-0.65 + r, 0), (0.98, 0)]), c, thick)]
    if rng.random() < 0.3:
        for a in (math.pi / 2 * 0.9, -math.pi / 2 * 0.9, math.pi):
            x, y = -0.65 + 0.38 * math.cos(a) * r / 0.36, 0.5 * r * math.sin(a)
            parts.append((ellipse(x, y, r * 0.42, r * 0.42), c, thick * 0.8))
    else:
        parts.append((ellipse(-0.63, 0, r, r * rng.uniform(0.85, 1.15)), c, thick))
    for k in range(int(rng.integers(2, 4))):
        x = 0.9 - 0.22 * k
        parts.append((rectangle(x - 0.07, 0, x + 0.07, rng.uniform(0.28, 0.42)), c, 0))
    return parts


def moon(rng):
    c = hsv(rng.uniform(0.1, 0.17), rng.uniform(0.1, 0.7), rng.uniform(0.85, 1)) if rng.random() < 0.65 else vivid(rng)
    d, r = rng.uniform(0.38, 0.62), rng.uniform(0.78, 0.9)
    x = (1 + d * d - r * r) / (2 * d)
    outer, inner = math.degrees(math.acos(x)), math.degrees(math.atan2(math.sqrt(1 - x * x), x - d))
    points = np.concatenate([ellipse(0, 0, 0.95, 0.95, outer, 360 - outer),
                             ellipse(d * 0.95, 0, r * 0.95, r * 0.95, 360 - inner, inner)])
    parts = [(points + (0.2, 0), c, 0)]
    if rng.random() < 0.4:
        for y, s in ((-0.3, 0.08), (0.12, 0.06), (0.4, 0.09)):
            parts.append((ellipse(-0.58 + abs(y) * 0.35, y, s, s), tint(c, 0.82), 0))
    return parts


def mushroom(rng):
    c, stem = vivid(rng, 0.01), hsv(rng.uniform(0.08, 0.15), rng.uniform(0.05, 0.35), rng.uniform(0.8, 1))
    w, top = rng.uniform(0.8, 0.97), rng.uniform(0.2, 0.3)
    half = [(top, 0), (top * 0.9, 0.5), (top * 1.3, 0.92), (0, 0.98)]
    foot = smooth([(-x, y) for x, y in half] + half[-2::-1])
    cap = [ellipse(0, 0.05, w, rng.uniform(0.85, 1.0), 180, 360), ellipse(0, 0.05, w, 0.16, 0, 180)]
    parts = [(foot, stem, 0), (np.concatenate(cap), c, 0)]
    if rng.random() < 0.85:
        spot = pale(rng)
        for x, y, s in ((-0.45, -0.25, 0.15), (0.08, -0.55, 0.17), (0.5, -0.2, 0.14), (0.0, -0.1, 0.11)):
            s *= rng.uniform(0.7, 1.1)
            parts.append((ellipse(x * w, y, s, s * 0.9), spot, 0))
    return parts


def sailboat(rng):
    hull, sail = (brown(rng) if rng.random() < 0.4 else vivid(rng)), (pale(rng) if rng.random() < 0.5 else vivid(rng))
    jib = sail if rng.random() < 0.4 else vivid(rng)
    w, deck = rng.uniform(0.8, 0.97), rng.uniform(0.42, 0.52)
    parts = [(np.array([(0, -0.97), (0, deck)]), brown(rng), 0.07),
             (np.array([(0.07, -0.92), (rng.uniform(0.65, 0.85), deck - 0.14), (0.07, deck - 0.14)]), sail, 0),
             (np.array([(-0.07, rng.uniform(-0.85, -0.6)), (-0.07, deck - 0.14),
                        (-rng.uniform(0.5, 0.75), deck - 0.14)]), jib, 0),
             (np.array([(-w, deck), (w, deck), (w * 0.7, 0.9), (-w * 0.65, 0.9)]), hull, 0)]
    if rng.random() < 0.5:
        parts.append((np.array([(-w * 0.92, deck + 0.12), (w * 0.92, deck + 0.12)]), pale(rng), 0.07))
    return parts


def star(rng):
    c = vivid(rng, 0.14)
    inner = rng.uniform(0.38, 0.52)
    a = np.radians(np.arange(10) * 36 - 90)
    points = np.stack([np.cos(a), np.sin(a)], 1) * np.where(np.arange(10) % 2, inner, 1)[:, None]
    parts = [(points, c, 0)]
    style = rng.random()
    if style < 0.25:
        for k in range(5):
            parts.append((np.array([(0, 0), points[2 * k], points[(2 * k + 1) % 10]]), tint(c, 0.8), 0))
    elif style < 0.45:
        parts.append((points * 0.55, tint(c, rng.choice([0.75, 1.5])), 0))
    return parts


def tree(rng):
    c = vivid(rng, rng.choice([0.3, 0.36, 0.08]))
    w = rng.uniform(0.1, 0.16)
    trunk = (np.array([(-w, 0.1), (w, 0.1), (w * 1.3, 1), (-w * 1.3, 1)]), brown(rng), 0)
    if rng.random() < 0.5:
        parts, n, wide = [trunk], int(rng.integers(3, 5)), rng.uniform(0.6, 0.78)
        for k in reversed(range(n)):
            y0, y1 = -1 + 1.3 * k / n, -1 + 1.3 * (k + 1) / n + 0.42
            y1, half = min(y1, 0.62), wide * (0.5 + 0.5 * (k + 1) / n)
            parts.append((np.array([(0, y0), (half, y1), (-half, y1)]), tint(c, 1 - 0.07 * (k % 2)), 0))
        return parts
    parts = [trunk]
    for x, y, r in ((-0.42, 0, 0.4), (0.42, 0, 0.4), (-0.25, -0.42, 0.42), (0.28, -0.42, 0.42), (0, -0.12, 0.5),
                    (0, -0.6, 0.38)):
        r *= rng.uniform(0.9, 1.1)
        parts.append((ellipse(x, y, r, r), tint(c, rng.uniform(0.85, 1.1)), 0))
    if rng.random() < 0.35:
        fruit = vivid(rng, 0.0)
        for x, y in ((-0.4, 0.05), (0.1, -0.5), (0.42, -0.1), (-0.15, -0.25), (0.1, 0.1)):
            parts.append((ellipse(x, y, 0.08, 0.08), fruit, 0))
    return parts


def umbrella(rng):
    c = vivid(rng)
    d = tint(c, 0.72) if rng.random() < 0.5 else vivid(rng)
    rod = hsv(rng.random(), rng.uniform(0, 0.6), rng.uniform(0.15, 0.5))
    h, n, rim = rng.uniform(0.75, 0.92), 4, 0.0
    side = rng.choice([-1, 1])
    hook = ellipse(0.15, 0.78, 0.15, 0.18, 180, 0, n=16) * (side, 1)
    parts = [(np.concatenate([[(0, -0.95), (0, 0.78)], hook]), rod, 0.08)]
    x = np.linspace(-1, 1, n + 1) * 0.97
    low = [ellipse((x[k] + x[k + 1]) / 2, rim, (x[k + 1] - x[k]) / 2, 0.1, 360, 180, n=10) for k in reversed(range(n))]
    parts.append((np.concatenate([ellipse(0, rim, 0.97, h, 180, 360)] + low), c, 0))
    for k in range(1, n, 2):
        a, b = x[k], x[k + 1] if k + 1 <= n else x[k]
        ribs = [(v * math.sin(t), rim - h * math.cos(t)) for v, ts in ((a / 0.97, np.linspace(0, math.pi / 2, 10)),
                (b / 0.97, np.linspace(math.pi / 2, 0, 10))) for t in ts]
        ribs = [(0.97 * px, py) for px, py in ribs]
        arc = ellipse((a + b) / 2, rim, (b - a) / 2, 0.1, 180, 360, n=10)
        parts.append((np.concatenate([ribs[:10], arc, ribs[10:]]), d, 0))
    return parts


THINGS = [globals()[name] for name in LABELS]


# ---------------------------------------------------------------- background

def grid(width, height):
    unit = min(width, height) / 2
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) / unit
    y = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) / unit
    return x[None, :], y[:, None]


def rgb(colour):
    return np.array(colour, np.float32) / 255


def calm(rng):
    """a background colour: any hue, mostly less strong than the thing's"""
    return rgb(hsv(rng.random(), rng.uniform(0.05, 0.65), rng.uniform(0.2, 1)))


def ramp(a, b, t):
    return a + (b - a) * np.clip(t, 0, 1)[..., None]


def background(rng, width, height, noise=True):
    """float picture in [0, 1]: a smooth ground, then soft blobs, hills, bands or grain"""
    x, y = grid(width, height)
    a, b = calm(rng), calm(rng)
    if rng.random() < 0.5:
        b = np.clip(a * rng.uniform(0.6, 1.3) + rng.uniform(-0.1, 0.1, 3).astype(np.float32), 0, 1)
    style = rng.random()
    angle = rng.uniform(0, 2 * math.pi)
    along = math.cos(angle) * x + math.sin(angle) * y
    if style < 0.3:
        out = ramp(a, b, along / 2.4 + 0.5)
    elif style < 0.5:
        cx, cy = rng.uniform(-0.6, 0.6, 2)
        out = ramp(a, b, np.sqrt((x - cx) ** 2 + (y - cy) ** 2) / rng.uniform(1.2, 2))
    elif style < 0.8:
        horizon = rng.uniform(0.1, 0.75)
        sky, ground = ramp(a, b, (y + 1) / 2 + 0 * x), calm(rng)
        edge = horizon + rng.uniform(0, 0.12) * np.sin(rng.uniform(1, 4) * x + angle)
        out = ramp(sky, ramp(ground, ground * 0.7, (y - horizon) / 0.9 + 0 * x), (y - edge) * rng.uniform(15, 50))
    elif style < 0.9:
        soft = rng.uniform(1, 6)
        out = ramp(a, b, 0.5 + soft * np.sin(along * rng.uniform(4, 14) + angle) / 2)
    else:
        out = np.broadcast_to(a, (height, width, 3)).copy()
    for _ in range(int(rng.integers(0, 5))):
        cx, cy = rng.uniform(-1.3, 1.3, 2)
        r = rng.uniform(0.2, 0.7)
        d = ((x - cx) ** 2 + ((y - cy) * rng.uniform(0.8, 2.5)) ** 2) / r ** 2
        weight = np.exp(-d) if rng.random() < 0.6 else 1 / (1 + np.exp(np.clip(12 * (d - 1), -30, 30)))
        out = out + (weight * rng.uniform(0.2, 0.8))[..., None] * (calm(rng) - out)
    if noise and rng.random() < 0.4:
        cells = int(rng.integers(4, 24))
        grain = Image.fromarray(rng.integers(0, 255, (cells, cells), dtype=np.uint8))
        grain = grain.resize((width, height), Image.BICUBIC)
        out = out + rng.uniform(0.03, 0.25) * (np.asarray(grain, np.float32)[..., None] / 255 - 0.5)
    return np.clip(out, 0, 1)


def specks(rng, width, height):
    """small things that are none of the classes, strewn over the picture"""
    reach_x, reach_y = width / min(width, height), height / min(width, height)
    parts = []
    for _ in range(int(rng.integers(3, 14)) if rng.random() < 0.5 else 0):
        x, y, s = rng.uniform(-reach_x, reach_x), rng.uniform(-reach_y, reach_y), rng.uniform(0.02, 0.08)
        kind = rng.integers(0, 3)
        c = vivid(rng)
        if kind == 0:
            parts.append((ellipse(x, y, s, s, n=16), c, 0))
        elif kind == 1:
            parts.append((ellipse(x, y, s, s, rng.uniform(0, 90), n=int(rng.integers(3, 5))), c, 0))
        else:
            a = rng.uniform(0, math.pi)
            parts.append((np.array([(x, y), (x + 3 * s * math.cos(a), y + 3 * s * math.sin(a))]), c, 0.03))
    return parts


# ---------------------------------------------------------------- putting it together

def pose(rng, label, scale, shift):
    """2 x 2 matrix and offset: flip, stretch, shear, turn, size, place"""
    stretch = rng.uniform(0.9, 1.12)
    m = np.array([[rng.choice([-1, 1]) * stretch, rng.uniform(-0.08, 0.08)], [0, 1 / stretch]])
    t = math.radians(np.clip(rng.normal(0, 0.5), -1, 1) * TILT[label] if TILT[label] < 180 else rng.uniform(-180, 180))
    turn = np.array([[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]])
    return scale * turn @ m, shift


def paint(canvas, parts, matrix, offset, pixels, edge, edge_width):
    for points, colour, stroke in parts:
        p = ((points @ matrix.T + offset) * pixels[0] + pixels[1:]).astype(np.float32)
        flat = p.ravel().tolist()
        size = math.sqrt(abs(np.linalg.det(matrix)))
        if stroke:
            w = max(1, round(stroke * size * pixels[0]))
            if edge:
                canvas.line(flat, edge, w + 2 * max(1, round(edge_width * pixels[0])), "curve")
            canvas.line(flat, tuple(colour), w, "curve")
        else:
            canvas.polygon(flat, tuple(colour))
            if edge:
                canvas.line(flat + flat[:4], edge, max(1, round(2 * edge_width * pixels[0])), "curve")


def thing(rng, label, width, height, scale, shift, over=3, strew=True):
    """RGBA layer, drawn `over` times larger and averaged down"""
    layer = Image.new("RGBA", (width * over, height * over), (0, 0, 0, 0))
    canvas = ImageDraw.Draw(layer)
    unit = min(width, height) / 2 * over
    pixels = np.array([unit, width * over / 2, height * over / 2])
    if strew:
        paint(canvas, specks(rng, width, height), np.eye(2), np.zeros(2), pixels, None, 0)
    matrix, offset = pose(rng, label, scale, shift)
    edge = None
    if rng.random() < 0.45:
        dark = rng.random() < 0.75
        edge = hsv(rng.random(), rng.uniform(0, 0.5), rng.uniform(0, 0.3) if dark else rng.uniform(0.9, 1))
    paint(canvas, THINGS[LABELS.index(label)](rng), matrix, offset, pixels, edge, rng.uniform(0.008, 0.022))
    out = np.asarray(layer.reduce(over), np.float32) / 255
    alpha, colour = out[..., 3], out[..., :3]
    x, y = grid(width, height)
    a = rng.uniform(0, 2 * math.pi)
    light = 1 + rng.uniform(0, 0.3) * (math.cos(a) * (x - offset[0]) + math.sin(a) * (y - offset[1]))
    if rng.random() < 0.35:
        far = (x - offset[0] + 0.3 * scale) ** 2 + (y - offset[1] + 0.3 * scale) ** 2
        light = light + rng.uniform(0.1, 0.3) * np.exp(-far / 0.12)
    if rng.random() < 0.25:
        f = rng.uniform(12, 40)
        wave = np.sin(f * (x * math.cos(a) + y * math.sin(a)))
        if rng.random() < 0.5:
            wave = wave * np.sin(f * (y * math.cos(a) - x * math.sin(a)))
        light = light + rng.uniform(0.05, 0.15) * wave
    return np.clip(colour * light[..., None], 0, 1), alpha


def compose(rng, ground, colour, alpha, unit):
    """thing over background, with a soft shadow in half of the pictures"""
    if rng.random() < 0.5:
        mask = Image.fromarray((alpha * 255).astype(np.uint8))
        mask = np.asarray(mask.filter(ImageFilter.GaussianBlur(rng.uniform(0.02, 0.08) * unit)), np.float32) / 255
        dx, dy = (int(round(v * unit)) for v in rng.uniform(-0.08, 0.08, 2))
        mask = np.roll(mask, (dy, dx), (0, 1))
        ground = ground * (1 - rng.uniform(0.2, 0.6) * mask[..., None])
    solid = alpha > 0.5
    if solid.any() and np.abs(colour[solid].mean(0) - ground[solid].mean(0)).max() < 0.15:
        ground = 1 - ground
    return ground + alpha[..., None] * (colour - ground)


def sample(rng, label, width=96, height=96, scale=None, shift=None):
    """a picture, uint8 [height, width, 3], and where the thing stands in it, [height, width] in [0, 1]"""
    scale = rng.uniform(0.5, 0.88) if scale is None else scale
    room = max(0.06, 0.95 - scale)
    shift = rng.uniform(-room, room, 2) * 0.8 if shift is None else np.asarray(shift, float)
    colour, alpha = thing(rng, label, width, height, scale, shift)
    out = compose(rng, background(rng, width, height), colour, alpha, min(width, height) / 2)
    return (np.clip(out, 0, 1) * 255 + 0.5).astype(np.uint8), alpha


def picture(rng, label, width=96, height=96, scale=None, shift=None):
    """uint8 [height, width, 3]"""
    return sample(rng, label, width, height, scale, shift)[0]
