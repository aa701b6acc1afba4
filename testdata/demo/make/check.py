"""Measures the stored (F16) model in float32: held-out pictures, the same as JPEG with noise, and the demo pictures.

    python check.py DEMO_DIR [--count 4000]      writes DEMO_DIR/expected.csv
"""
import argparse
import csv
import io
import pathlib

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

import draw
import train

HELD_OUT_SEED = 20_000


def preprocessed(file):
    """short side to the model's size (bicubic), centre crop"""
    image = Image.open(file).convert("RGB")
    w, h = image.size
    size = train.SIZE
    image = image.resize((size, int(size * h / w)) if w <= h else (int(size * w / h), size), Image.BICUBIC)
    left, top = round((image.width - size) / 2), round((image.height - size) / 2)
    return np.asarray(image.crop((left, top, left + size, top + size)))


def worn(rng, image):
    """camera noise, then JPEG of quality 50"""
    noisy = np.clip(image + rng.normal(0, 10, image.shape), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(noisy).save(file, "JPEG", quality=50)
    return np.asarray(Image.open(file))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("demo", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=4000)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = train.Vit().eval()
    model.load_state_dict({k: v.float() for k, v in load_file(args.demo / "model/model.safetensors").items()})
    rng = np.random.default_rng(HELD_OUT_SEED)
    if args.count:
        images, labels, _ = train.pictures(rng, args.count)
        print(f"held out: {train.accuracy(model, images, labels):.4f}")
        print(f"with noise and JPEG: {train.accuracy(model, np.stack([worn(rng, i) for i in images]), labels):.4f}")

    with open(args.demo / "pictures/labels.csv") as file:
        wanted = {row["file"]: int(row["label"]) for row in csv.DictReader(file)}
    with open(args.demo / "expected.csv", "w", newline="") as file, torch.no_grad():
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file", "label", "probability"])
        for name, label in wanted.items():
            logits, _ = model(train.normalise(preprocessed(args.demo / "pictures" / name)[None].copy()))
            p = logits.softmax(1)[0]
            top = int(p.argmax())
            table.writerow([name, top, f"{p[top]:.4f}"])
            print(f"{name:16} {draw.LABELS[top]:10} {p[top]:.4f}{'' if top == label else '   WRONG'}")


if __name__ == "__main__":
    main()
