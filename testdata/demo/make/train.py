"""Trains the demo model on endless pictures of draw.py and writes it under timm's names.

    python train.py OUT.safetensors [--minutes 20] [--seed 1]

Needs PyTorch, NumPy, Pillow, safetensors; one CPU core will do.
"""
import argparse
import copy
import io
import math
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

import draw

SIZE, PATCH, WIDTH, DEPTH, HEADS, RATIO = 96, 8, 96, 6, 3, 2
CLASSES = len(draw.LABELS)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        b, n, _ = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-1, -2) * (WIDTH // HEADS) ** -0.5).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(b, n, WIDTH))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(WIDTH, RATIO * WIDTH), nn.Linear(RATIO * WIDTH, WIDTH)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(WIDTH, 1e-6), Attention()
        self.norm2, self.mlp = nn.LayerNorm(WIDTH, 1e-6), Mlp()

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Conv2d(3, WIDTH, PATCH, PATCH)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class Vit(nn.Module):
    def __init__(self):
        super().__init__()
        self.cls_token = nn.Parameter(torch.randn(1, 1, WIDTH) * 0.02)
        self.pos_embed = nn.Parameter(torch.randn(1, 1 + (SIZE // PATCH) ** 2, WIDTH) * 0.02)
        self.patch_embed = PatchEmbed()
        self.blocks = nn.ModuleList(Block() for _ in range(DEPTH))
        self.norm = nn.LayerNorm(WIDTH, 1e-6)
        self.head = nn.Linear(WIDTH, CLASSES)
        self.start()

    @torch.no_grad()
    def start(self):
        """attention starts out local: sine and cosine positions, and query times key near the identity"""
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                nn.init.zeros_(m.bias)
        side, quarter = SIZE // PATCH, WIDTH // 4
        angle = torch.arange(side)[:, None] / 30 ** (torch.arange(quarter) / quarter)
        wave = torch.cat([angle.sin(), angle.cos()], 1)
        self.pos_embed[0, 1:] = 0.5 * torch.cat([wave.repeat_interleave(side, 0), wave.repeat(side, 1)], 1)
        depth = WIDTH // HEADS
        for block in self.blocks:
            for h in range(HEADS):
                want = 0.6 * torch.randn(WIDTH, WIDTH) / WIDTH ** 0.5 + 0.6 * torch.eye(WIDTH)
                u, s, v = torch.linalg.svd(want)
                block.attn.qkv.weight[h * depth:(h + 1) * depth] = (u[:, :depth] * s[:depth].sqrt()).T
                block.attn.qkv.weight[WIDTH + h * depth:WIDTH + (h + 1) * depth] = s[:depth].sqrt()[:, None] * v[:depth]

    def forward(self, x, chosen=None):
        """logits, and the patches after the last block; `chosen` [B,K]: only these patches"""
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), self.patch_embed(x)], 1) + self.pos_embed
        if chosen is not None:
            x = torch.cat([x[:, :1], x[:, 1:].gather(1, chosen[..., None].expand(-1, -1, WIDTH))], 1)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return self.head(x[:, 0]), x[:, 1:]


def normalise(batch):
    """uint8 [B,H,W,3] -> float32 [B,3,H,W] in [-1, 1]"""
    return torch.from_numpy(batch).permute(0, 3, 1, 2).float() / 127.5 - 1


def photographed(rng, images, masks):
    """mirror, swap colours, JPEG, change contrast and brightness, blur, add noise; the mask per patch [B,patches]"""
    images, masks = images.copy(), masks.copy()
    count = len(images)
    for i in range(count):
        if rng.random() < 0.5:
            images[i], masks[i] = images[i, :, ::-1], masks[i, :, ::-1]
        if rng.random() < 0.3:
            images[i] = images[i][..., rng.permutation(3)]
        if rng.random() < 0.15:
            file = io.BytesIO()
            Image.fromarray(images[i]).save(file, "JPEG", quality=int(rng.integers(25, 90)))
            images[i] = np.asarray(Image.open(file))
    x = normalise(images)

    def each(low, high, chance):
        on = rng.random(count) < chance
        return torch.from_numpy(np.where(on, rng.uniform(low, high, count), 0).astype(np.float32))[:, None, None, None]

    x = x + each(0.2, 1, 0.2) * (F.avg_pool2d(x, 3, 1, 1, count_include_pad=False) - x)
    x = x * (1 + each(-0.5, 0.2, 0.5)) + each(-0.3, 0.3, 0.5)
    return (x + each(0.02, 0.12, 0.3) * torch.randn(x.shape)).clamp(-1, 1), torch.from_numpy(masks).flatten(1)


def pictures(rng, count):
    """images [count,H,W,3], labels [count], and which patches the thing covers [count,H/P,W/P]"""
    labels, side = rng.integers(0, CLASSES, count), SIZE // PATCH
    images, alphas = zip(*(draw.sample(rng, draw.LABELS[k], SIZE, SIZE) for k in labels))
    covered = np.stack(alphas).reshape(count, side, PATCH, side, PATCH).mean((2, 4)) > 0.35
    return np.stack(images), labels, covered


@torch.no_grad()
def whiten(layer, images):
    """start the patch embedding with the principal components of patches, evened out"""
    x = F.unfold(normalise(images), PATCH, stride=PATCH).transpose(1, 2).reshape(-1, 3 * PATCH ** 2)
    mean = x.mean(0)
    value, vector = torch.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    scale = 0.4 / (value[-WIDTH:] + 0.02).sqrt()
    layer.weight.copy_((vector[:, -WIDTH:] * scale).T.reshape(layer.weight.shape))
    layer.bias.copy_(-(layer.weight.flatten(1) @ mean))


@torch.no_grad()
def accuracy(model, images, labels):
    hits = sum((model(normalise(images[i:i + 250]))[0].argmax(1).numpy() == labels[i:i + 250]).sum()
               for i in range(0, len(images), 250))
    return hits / len(images)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pool", type=int, default=12000, help="pictures kept to draw batches from")
    parser.add_argument("--fresh", type=int, default=24, help="new pictures a step, in place of the oldest")
    parser.add_argument("--batch", type=int, default=64)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    start = time.time()
    test_images, test_labels, _ = pictures(np.random.default_rng(args.seed + 10_000), 500)
    images, labels, covered = pictures(rng, args.pool)
    print(f"pool drawn in {time.time() - start:.0f} s", flush=True)

    model = Vit()
    whiten(model.patch_embed.proj, images[:1000])
    average = copy.deepcopy(model).eval()
    # A second task while training: each patch names the thing that covers it, or (the last class) the background.
    patch_head = nn.Linear(WIDTH, CLASSES + 1)
    patch_weight = torch.cat([torch.ones(CLASSES), torch.tensor([0.3])])
    parameters = [*model.parameters(), *patch_head.parameters()]
    groups = [dict(params=[p for p in parameters if p.ndim == 2], weight_decay=0.05),
              dict(params=[p for p in parameters if p.ndim != 2], weight_decay=0)]
    peak = 1.5e-3
    optimiser = torch.optim.AdamW(groups, peak, (0.9, 0.98))
    start, step, seen = time.time(), 0, np.zeros(3)
    patches = (SIZE // PATCH) ** 2
    while (done := (time.time() - start) / (60 * args.minutes)) < 1:
        rate = peak * min(1, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-6
        for group in optimiser.param_groups:
            group["lr"] = rate
        at = np.arange(step * args.fresh, (step + 1) * args.fresh) % args.pool
        images[at], labels[at], covered[at] = pictures(rng, args.fresh)
        pick = rng.integers(0, args.pool, args.batch)
        x, mask = photographed(rng, images[pick], covered[pick])
        y = torch.from_numpy(labels[pick])
        # Random patches only: faster, and sturdier when tokens go.
        keep = int(patches * (rng.uniform(0.4, 0.8) if done < 0.7 else rng.uniform(0.6, 1)))
        whole = rng.random() < (0.1 if done < 0.7 else 0.5)
        chosen = torch.rand(args.batch, patches).argsort(1)[:, :patches if whole else keep]
        target = torch.where(mask.gather(1, chosen), y[:, None], CLASSES)
        with torch.autocast("cpu", torch.bfloat16):
            logits, rest = model(x, chosen)
            named = patch_head(rest)
        main_loss = F.cross_entropy(logits.float(), y, label_smoothing=0.1)
        side_loss = F.cross_entropy(named.float().flatten(0, 1), target.flatten(), patch_weight)
        optimiser.zero_grad()
        (main_loss + (1 - 0.8 * done) * side_loss).backward()
        nn.utils.clip_grad_norm_(parameters, 1)
        optimiser.step()
        step += 1
        with torch.no_grad():
            for a, p in zip(average.parameters(), model.parameters()):
                a.lerp_(p, max(0.005, 1 / (step + 1)))
        seen += (main_loss.item(), side_loss.item(), (logits.argmax(1) == y).float().mean().item())
        if step % 100 == 0:
            note = f", held out {accuracy(average, test_images, test_labels):.4f}" if step % 500 == 0 else ""
            a, b, c = seen / 100
            print(f"{step} {time.time() - start:.0f} s, loss {a:.3f} {b:.3f} accuracy {c:.3f}{note}", flush=True)
            seen[:] = 0
    print(f"{step} steps, held out {accuracy(average, test_images, test_labels):.4f}")
    save_file({k: v.half().contiguous() for k, v in average.state_dict().items()}, args.out, {"format": "pt"})


if __name__ == "__main__":
    main()
