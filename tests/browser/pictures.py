"""Small pictures for the guide: a screenshot in at most 256 colours, as an indexed PNG.

The browser counts and matches the colours; the file is a few chunks round a zlib stream.
"""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

from playwright.sync_api import Page

# Colours are gathered in buckets of 5 bits a channel; the 256 fullest give their average.
REDUCE = """async source => {
  const image = new Image();
  image.src = 'data:image/png;base64,' + source;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height), pen = canvas.getContext('2d');
  pen.drawImage(image, 0, 0);
  const data = pen.getImageData(0, 0, image.width, image.height).data;
  const sums = new Map(), key = i => data[i] >> 3 << 10 | data[i + 1] >> 3 << 5 | data[i + 2] >> 3;
  for (let i = 0; i < data.length; i += 4) {
    const k = key(i), s = sums.get(k) || [0, 0, 0, 0];
    s[0]++; s[1] += data[i]; s[2] += data[i + 1]; s[3] += data[i + 2];
    sums.set(k, s);
  }
  const palette = [...sums.values()].sort((a, b) => b[0] - a[0]).slice(0, 256)
    .map(s => s.slice(1).map(v => Math.round(v / s[0])));
  const near = new Map(), out = new Uint8Array(data.length / 4);
  for (let i = 0; i < data.length; i += 4) {
    const k = key(i);
    if (!near.has(k)) {
      const far = palette.map(c => (c[0] - data[i]) ** 2 + (c[1] - data[i + 1]) ** 2
        + (c[2] - data[i + 2]) ** 2);
      near.set(k, far.indexOf(Math.min(...far)));
    }
    out[i / 4] = near.get(k);
  }
  let text = '';
  for (let i = 0; i < out.length; i += 8192)
    text += String.fromCharCode(...out.subarray(i, i + 8192));
  return {width: image.width, height: image.height, palette, indices: btoa(text)};
}"""


def chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def save_small(bench: Page, picture: bytes, path: Path) -> None:
    """Write `picture` (a PNG) to `path`; `bench` is an empty page without a policy."""
    made = bench.evaluate(REDUCE, base64.b64encode(picture).decode())
    width, height = made["width"], made["height"]
    flat = base64.b64decode(made["indices"])
    lines = b"".join(b"\0" + flat[y * width : (y + 1) * width] for y in range(height))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + chunk(b"PLTE", bytes(v for colour in made["palette"] for v in colour))
        + chunk(b"IDAT", zlib.compress(lines, 9))
        + chunk(b"IEND", b"")
    )
