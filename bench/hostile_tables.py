"""Memory that reading adds to a process for the worst files that are still taken.

    python bench/hostile_tables.py

Each file is made to reach a limit of `kernel/tables/limits.py` without passing it, and is read in
a process of its own. The last column is the share of the stated budget.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path

from common import machine, number, table

BOOK = {
    "[Content_Types].xml": "<Types/>",
    "_rels/.rels": '<Relationships><Relationship Id="a" Type="x/officeDocument"'
    ' Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook><sheets><sheet name="Люди" r:id="a"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="a" Type="x/worksheet"'
    ' Target="worksheets/sheet1.xml"/><Relationship Id="b" Type="x/sharedStrings"'
    ' Target="sharedStrings.xml"/></Relationships>',
}
CYRILLIC = str.maketrans("0123456789abcdef", "абвгдежзийклмноп")
READ = """
import resource, sys, time
import django
from django.conf import settings
settings.configure(USE_I18N=False); django.setup()
import openpyxl
from pathlib import Path
from sreda.kernel.tables import read_rows
def peak():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1])
before, began = peak(), time.process_time()
rows = sum(1 for _ in read_rows(Path(sys.argv[1]), sys.argv[1]))
print(rows, (peak() - before) // 1024, time.process_time() - began)
"""

PACK = READ.replace(
    "sreda.kernel.tables import read_rows", "sreda.programme.pack import read_pack"
).replace(
    "sum(1 for _ in read_rows(Path(sys.argv[1]), sys.argv[1]))",
    "len(list(read_pack(Path(sys.argv[1])).pack))",
)


def workbook(path: Path, strings: Iterator[str], rows: Iterator[str]) -> None:
    """A workbook of one sheet, its XML given as pieces."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        for name, content in BOOK.items():
            out.writestr(name, content)
        for name, root, pieces in (
            ("xl/sharedStrings.xml", "sst", strings),
            ("xl/worksheets/sheet1.xml", "worksheet", rows),
        ):
            with out.open(name, "w", force_zip64=False) as part:
                part.write(f"<{root}><sheetData>".encode())
                while block := "".join(islice(pieces, 10_000)):
                    part.write(block.encode())
                part.write(f"</sheetData></{root}>".encode())


def people(count: int) -> tuple[Iterator[str], Iterator[str]]:
    """A plain table: 12 columns, four of them with texts of their own."""
    strings = (f"<si><t>Строка {n}</t></si>" for n in range(4 * count))
    letters = "ABCDEFGHIJKL"
    rows = (
        f'<row r="{n + 1}">'
        + "".join(
            f'<c r="{letter}{n + 1}" t="s"><v>{4 * n + place % 4}</v></c>'
            for place, letter in enumerate(letters)
        )
        + "</row>"
        for n in range(count)
    )
    return strings, rows


def most_strings() -> tuple[Iterator[str], Iterator[str]]:
    strings = (f"<si><t>{n:023d}</t></si>" for n in range(3_990_000))
    return strings, iter(['<row><c t="s"><v>1</v></c></row>'])


def noise(length: int) -> str:
    """What cannot be compressed much, in letters of two bytes."""
    return os.urandom(length // 2).hex().translate(CYRILLIC)


def longest_strings() -> tuple[Iterator[str], Iterator[str]]:
    strings = (f"<si><t>{noise(10_000)}</t></si>" for _n in range(4_900))
    return strings, (f'<row><c t="s"><v>{n}</v></c></row>' for n in range(4_900))


def widest_rows() -> tuple[Iterator[str], Iterator[str]]:
    cell = '<c t="inlineStr"><is><t>{}</t></is></c>'
    return iter(()), (
        f"<row>{''.join(cell.format(noise(9_998)) for _place in range(100))}</row>"
        for _n in range(150)
    )


def deepest() -> tuple[Iterator[str], Iterator[str]]:
    odd = (f"<n{n} a{n}='{noise(40_000)}'/>" for n in range(1_900))
    return iter(()), chain(odd, [f"<a b='{noise(450_000)}'/>", "<row><c><v>1</v></c></row>"])


FILES: dict[str, Callable[[], tuple[Iterator[str], Iterator[str]]]] = {
    "400 000 people": lambda: people(400_000),
    "most shared strings": most_strings,
    "longest shared strings": longest_strings,
    "longest rows": widest_rows,
    "odd XML": deepest,
}


def csv_rows(path: Path) -> None:
    """100 MB of rows as long as they may be, in the widest encoding."""
    with path.open("w", encoding="utf-16", newline="") as out:
        for _n in range(50):
            out.write(";".join(noise(9_998) for _place in range(100)) + "\n")


def pack(path: Path) -> None:
    """Every sheet of a programme pack, filled as far as a pack may be."""
    import csv

    from sreda.programme.pack import shipped_pack

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for source in sorted(shipped_pack("kemerovo-2018").glob("*.csv")):
            head, *rows = csv.reader(source.read_text(encoding="utf-8").splitlines(), delimiter=";")
            lines = [";".join(head)]
            if source.stem == "organisations":
                key = head.index(next(name for name in head if "аименование" in name))
                for n in range(97_000 // len(head)):
                    row = list(rows[n % len(rows)])
                    row[0], row[key] = "", f"{noise(450)} {n}"
                    lines.append(";".join(row))
            else:
                lines += [";".join(row) for row in rows]
            out.writestr(source.name, "\n".join(lines))


def main() -> int:
    from sreda.kernel.tables.limits import BUDGET

    budget = BUDGET // 1024**2
    lines = []
    with tempfile.TemporaryDirectory(prefix="sreda-bench-") as folder:
        for name, make in FILES.items():
            path = Path(folder, "worst.xlsx")
            workbook(path, *make())
            lines.append(read(name, path, budget))
        path = Path(folder, "worst.csv")
        csv_rows(path)
        lines.append(read("CSV, longest rows", path, budget))
        path = Path(folder, "pack.zip")
        pack(path)
        lines.append(read("fullest programme pack", path, budget, PACK))
    worst = max(int(line[4]) for line in lines)
    print(f"{machine()}\n")
    table(["", "file, MB", "rows", "s", "peak, MB", "of budget"], lines)
    print(f"\nbudget: {budget} MB: {'met' if worst <= budget else 'NOT met'}")
    return 0 if worst <= budget else 1


def read(name: str, path: Path, budget: int, code: str = READ) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr[-2000:]}")
    rows, peak, seconds = done.stdout.split()
    size = path.stat().st_size / 1024**2
    return [name, f"{size:.1f}", number(int(rows)), f"{float(seconds):.1f}", peak,
            f"{int(peak) / budget:.2f}"]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
