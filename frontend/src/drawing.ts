// Places of a picture drawn with the pointer: rectangles, circles, polygons; moved and resized. All
// of it ends in the lines of the form, whose numbers remain the way of the keyboard.

import { keepMeasured, measure } from "./stage";

type Point = [number, number];
type Kind = "rect" | "circle" | "poly";

const SVG = "http://www.w3.org/2000/svg";
const SMALL = 4; // a shape less than that is a slip of the hand

export function enhance(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>("[data-drawing]").forEach((box) => {
    if (!box.dataset.bound) new Drawing(box).begin();
  });
}

class Drawing {
  private form: HTMLFormElement;
  private svg: SVGSVGElement;
  private image: HTMLImageElement;
  private tool: Kind | "move" = "move";
  private chosen = -1;
  private corners: Point[] = [];
  private drag: { from: Point; was: number[]; handle: number } | null = null;

  constructor(private box: HTMLElement) {
    box.dataset.bound = "1";
    box.hidden = false;
    this.form = box.closest("form") as HTMLFormElement;
    this.svg = box.querySelector(".qti-overlay") as SVGSVGElement;
    this.image = box.querySelector(".qti-stage img") as HTMLImageElement;
  }

  begin(): void {
    this.box.querySelectorAll<HTMLButtonElement>("[data-tool]").forEach((button) => {
      button.addEventListener("click", () => this.take(button.dataset.tool as Kind | "move"));
    });
    this.svg.addEventListener("pointerdown", (event) => this.down(event));
    this.svg.addEventListener("pointermove", (event) => this.move(event));
    this.svg.addEventListener("pointerup", () => this.up());
    this.svg.addEventListener("pointercancel", () => this.up());
    this.box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && this.corners.length) {
        event.preventDefault();
        this.close();
      } else if (event.key === "Escape") {
        this.corners = [];
        this.paint();
      }
    });
    keepMeasured(this.svg);
    this.form.addEventListener("input", () => this.paint());
    this.form.addEventListener("change", () => this.paint());
    this.take("move");
  }

  private take(tool: Kind | "move"): void {
    this.tool = tool;
    this.corners = [];
    this.box.querySelectorAll<HTMLButtonElement>("[data-tool]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    });
    this.svg.dataset.mode = tool;
    this.paint();
  }

  private get lines(): HTMLElement[] {
    return [...this.form.querySelectorAll<HTMLInputElement>("[name=row-coords]")].map(
      (field) => field.closest("li") as HTMLElement,
    );
  }

  private field<T extends HTMLElement>(line: HTMLElement, name: string): T {
    return line.querySelector(`[name=row-${name}]`) as T;
  }

  private read(n: number): { kind: Kind; numbers: number[] } {
    const line = this.lines[n];
    return {
      kind: this.field<HTMLSelectElement>(line, "shape").value as Kind,
      numbers: (this.field<HTMLInputElement>(line, "coords").value.match(/\d+/g) ?? []).map(Number),
    };
  }

  private write(n: number, kind: Kind, numbers: number[]): void {
    const line = this.lines[n];
    this.field<HTMLSelectElement>(line, "shape").value = kind;
    const coords = this.field<HTMLInputElement>(line, "coords");
    coords.value = numbers.map((one) => Math.round(one)).join(",");
    coords.dispatchEvent(new Event("input", { bubbles: true }));
  }

  private get size(): Point {
    const side = (name: string, otherwise: number) =>
      Number(this.form.querySelector<HTMLInputElement>(`[name=${name}]`)?.value) || otherwise;
    return [side("width", 400), side("height", 300)];
  }

  private at(event: PointerEvent): Point {
    const box = this.svg.getBoundingClientRect();
    const [width, height] = this.size;
    const within = (value: number, most: number) => Math.min(Math.max(Math.round(value), 0), most);
    return [
      within(((event.clientX - box.left) / box.width) * width, width),
      within(((event.clientY - box.top) / box.height) * height, height),
    ];
  }

  private down(event: PointerEvent): void {
    event.preventDefault();
    this.svg.setPointerCapture(event.pointerId);
    const from = this.at(event);
    const target = event.target as SVGElement;
    if (this.tool === "poly") {
      // closed at its first corner, or by pressing the last one again
      const [first, last] = [this.corners[0], this.corners[this.corners.length - 1]];
      if (this.corners.length > 2 && (near(first, from, 12) || near(last, from, 2 * SMALL))) this.close();
      else if (!last || !near(last, from, SMALL)) this.corners.push(from);
    } else if (this.tool === "move") {
      const place = target.closest<SVGElement>("[data-line]");
      this.chosen = place ? Number(place.dataset.line) : -1;
      if (place) this.drag = { from, was: this.read(this.chosen).numbers, handle: Number(place.dataset.handle ?? -1) };
    } else {
      this.chosen = this.free();
      this.drag = { from, was: [], handle: 0 };
    }
    this.paint();
  }

  private move(event: PointerEvent): void {
    if (!this.drag) return;
    const [x, y] = this.at(event);
    const [left, top] = this.drag.from;
    if (this.tool === "rect") this.write(this.chosen, "rect", box([left, top], [x, y]));
    else if (this.tool === "circle") this.write(this.chosen, "circle", [left, top, Math.hypot(x - left, y - top)]);
    else if (this.tool === "move") this.shift(x - left, y - top, [x, y]);
  }

  /** A shape moves whole, or the corner that is held does. */
  private shift(right: number, below: number, here: Point): void {
    const { was, handle } = this.drag!;
    const { kind } = this.read(this.chosen);
    if (kind === "circle") {
      const radius = handle < 0 ? was[2] : Math.max(Math.hypot(here[0] - was[0], here[1] - was[1]), SMALL);
      const centre = handle < 0 ? this.kept([was[0] + right, was[1] + below]) : [was[0], was[1]];
      this.write(this.chosen, "circle", [...centre, radius]);
    } else if (handle < 0) {
      const [width, height] = this.size;
      const along = (from: number, by: number, most: number) => {
        const side = was.filter((_one, n) => n % 2 === from);
        return Math.min(Math.max(by, -Math.min(...side)), most - Math.max(...side));
      };
      const by = [along(0, right, width), along(1, below, height)];
      this.write(this.chosen, kind, was.map((one, n) => one + by[n % 2]));
    } else if (kind === "rect") {
      const [x1, y1, x2, y2] = was;
      const opposite = ([[x2, y2], [x1, y2], [x1, y1], [x2, y1]] as Point[])[handle];
      this.write(this.chosen, "rect", box(opposite, here));
    } else {
      this.write(this.chosen, "poly", was.map((one, n) => (n >> 1 === handle ? here[n % 2] : one)));
    }
  }

  private kept([x, y]: Point): Point {
    const [width, height] = this.size;
    return [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)];
  }

  private up(): void {
    const drawn = this.drag && this.tool !== "move" && this.tool !== "poly";
    this.drag = null;
    if (!drawn) return;
    const { kind, numbers } = this.read(this.chosen);
    const [a, b, c, d] = numbers;
    const slip = numbers.length < 3 || (kind === "circle" ? c < SMALL : c - a < SMALL || d - b < SMALL);
    if (slip) this.write(this.chosen, kind, []);
    else this.take("move");
  }

  private close(): void {
    const corners = this.corners;
    this.corners = [];
    if (corners.length > 2) {
      this.chosen = this.free();
      this.write(this.chosen, "poly", corners.flat());
      this.take("move");
    } else {
      this.paint();
    }
  }

  /** A line without a place, made of the last one where there is none. */
  private free(): number {
    const lines = this.lines;
    const empty = lines.findIndex((line) => !this.field<HTMLInputElement>(line, "coords").value.trim());
    if (empty >= 0) return empty;
    const last = lines[lines.length - 1];
    const made = last.cloneNode(true) as HTMLElement;
    const number = lines.length;
    made.querySelectorAll<HTMLInputElement>("input").forEach((field) => {
      if (field.type === "checkbox") [field.checked, field.value] = [false, String(number)];
      else field.value = "";
      field.removeAttribute("id");
      const said = field.getAttribute("aria-label");
      if (said) field.setAttribute("aria-label", said.replace(/\d+/, String(number + 1)));
    });
    made.querySelectorAll<HTMLButtonElement>("button[value]").forEach((button) => {
      button.value = button.value.replace(/\d+$/, String(number));
      button.setAttribute("aria-label", (button.getAttribute("aria-label") ?? "").replace(/\d+/, String(number + 1)));
    });
    last.after(made);
    return number;
  }

  private paint(): void {
    const [width, height] = this.size;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    measure(this.svg);
    const picture = this.form.querySelector<HTMLSelectElement>("[name=picture]");
    const source = picture?.selectedOptions[0]?.dataset.src ?? "";
    if (this.image.getAttribute("src") !== source) this.image.src = source;
    this.svg.replaceChildren();
    this.lines.forEach((_line, n) => this.place(n));
    if (this.corners.length) {
      this.add("polyline", { points: this.corners.join(" "), class: "drawing-line" });
      for (const [x, y] of this.corners) this.add("circle", { cx: x, cy: y, r: 5, class: "drawing-handle" });
    }
  }

  private place(n: number): void {
    const { kind, numbers } = this.read(n);
    const known = { class: n === this.chosen ? "qti-spot is-chosen" : "qti-spot", "data-line": n };
    const [a, b, c, d] = numbers;
    let middle: Point = [a, b];
    let handles: Point[] = [];
    if (kind === "rect" && numbers.length === 4) {
      this.add("rect", { ...known, x: a, y: b, width: Math.max(c - a, 1), height: Math.max(d - b, 1) });
      middle = [(a + c) / 2, (b + d) / 2];
      handles = [[a, b], [c, b], [c, d], [a, d]];
    } else if (kind === "circle" && numbers.length === 3) {
      this.add("circle", { ...known, cx: a, cy: b, r: c });
      handles = [[a + c, b]];
    } else if (kind === "poly" && numbers.length > 5) {
      const corners = numbers.flatMap((x, at) => (at % 2 ? [] : [[x, numbers[at + 1]] as Point]));
      this.add("polygon", { ...known, points: corners.join(" ") });
      middle = [mean(corners.map(([x]) => x)), mean(corners.map(([, y]) => y))];
      handles = corners;
    } else {
      return;
    }
    this.add("text", { x: middle[0], y: middle[1], class: "qti-number", "data-line": n }).textContent = String(n + 1);
    if (n !== this.chosen) return;
    handles.forEach(([x, y], handle) => {
      this.add("circle", { cx: x, cy: y, r: 6, class: "drawing-handle", "data-line": n, "data-handle": handle });
    });
  }

  private add(name: string, attributes: Record<string, string | number>): SVGElement {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    this.svg.append(made);
    return made;
  }
}

const near = (a: Point, b: Point, within: number) => Math.hypot(a[0] - b[0], a[1] - b[1]) < within;
const mean = (all: number[]) => all.reduce((sum, one) => sum + one, 0) / all.length;

/** Left, top, right, bottom of the box between two corners. */
function box([x1, y1]: Point, [x2, y2]: Point): number[] {
  return [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];
}
