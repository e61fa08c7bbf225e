// Handier ways to answer items whose plain inputs already work: moving lines, pressing places of a
// picture, slides, drawing, counting plays. Every change ends in the plain inputs.

import { keepMeasured } from "./stage";

export function enhance(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>(".qti-order-list").forEach(once(order));
  root.querySelectorAll<HTMLElement>("[data-stage]").forEach(once(stage));
  root.querySelectorAll<HTMLInputElement>("[data-slide]").forEach(once(slide));
  root.querySelectorAll<HTMLInputElement>("[data-plays]").forEach(once(plays));
  root.querySelectorAll<HTMLTextAreaElement>("textarea[data-expected]").forEach(once(count));
  root.querySelectorAll<HTMLElement>("[data-canvas]").forEach(once(canvas));
}

function once<T extends HTMLElement>(work: (element: T) => void): (element: T) => void {
  return (element) => {
    if (element.dataset.enhanced) return;
    element.dataset.enhanced = "1";
    work(element);
  };
}

const changed = (field: Element) => field.dispatchEvent(new Event("change", { bubbles: true }));

/** Lines with a place each: buttons (and arrow keys) move them, and the places follow. */
function order(list: HTMLElement): void {
  const lines = () => [...list.querySelectorAll<HTMLElement>(".qti-orderable")];
  const field = (line: HTMLElement) => line.querySelector("select") as HTMLSelectElement;
  if (lines().some((line) => field(line).disabled)) return;
  const words = list.ownerDocument.querySelector<HTMLElement>("[data-words-up]")?.dataset;
  const sort = () => {
    const placed = lines().filter((line) => field(line).value);
    placed.sort((a, b) => Number(field(a).value) - Number(field(b).value));
    const rest = lines().filter((line) => !field(line).value);
    list.prepend(...placed, ...rest);
  };
  const write = (line: HTMLElement) => {
    lines().forEach((each, n) => (field(each).value = String(n + 1)));
    changed(field(line));
  };
  const move = (line: HTMLElement, by: number) => {
    const all = lines();
    const to = all[all.indexOf(line) + by];
    if (!to) return;
    if (by < 0) to.before(line);
    else to.after(line);
    write(line);
  };
  for (const line of lines()) {
    const text = line.querySelector(".qti-orderable-text")?.textContent?.trim() ?? "";
    for (const [by, sign, word] of [[-1, "↑", words?.wordsUp ?? "↑"], [1, "↓", words?.wordsDown ?? "↓"]] as const) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-ghost btn-sm btn-icon";
      button.textContent = sign;
      button.setAttribute("aria-label", `${word}: ${text}`);
      button.addEventListener("click", () => {
        move(line, by);
        button.focus();
      });
      line.append(button);
    }
    line.draggable = true;
    line.addEventListener("dragstart", (event) => {
      line.classList.add("is-dragged");
      event.dataTransfer?.setData("text/plain", line.dataset.choice ?? "");
    });
    line.addEventListener("dragend", () => line.classList.remove("is-dragged"));
    line.addEventListener("dragover", (event) => {
      const dragged = list.querySelector<HTMLElement>(".is-dragged");
      if (!dragged || dragged === line) return;
      event.preventDefault();
    });
    line.addEventListener("drop", (event) => {
      const dragged = list.querySelector<HTMLElement>(".is-dragged");
      if (!dragged || dragged === line) return;
      event.preventDefault();
      const down = lines().indexOf(dragged) < lines().indexOf(line);
      if (down) line.after(dragged);
      else line.before(dragged);
      write(dragged);
    });
    line.addEventListener("restored", sort);
    field(line).addEventListener("change", () => {
      if (document.activeElement === field(line)) sort();
    });
  }
  sort();
}

/** A picture: pressing a place presses its input; pressing anywhere sets a point. */
function stage(holder: HTMLElement): void {
  const interaction = holder.closest<HTMLElement>("[data-interaction]");
  const svg = holder.querySelector<SVGSVGElement>(".qti-overlay");
  if (!interaction || !svg) return;
  keepMeasured(svg);
  const rows = [...interaction.querySelectorAll<HTMLElement>(".qti-point-fields li")];
  if (rows.length) points(interaction, svg, rows);
  else spots(interaction, svg);
}

function spots(interaction: HTMLElement, svg: SVGSVGElement): void {
  const input = (spot: string) =>
    interaction.querySelector<HTMLInputElement>(`input[value="${CSS.escape(spot)}"]`);
  const paint = () => {
    for (const shape of svg.querySelectorAll<SVGElement>("[data-spot]")) {
      shape.classList.toggle("is-chosen", input(shape.dataset.spot ?? "")?.checked ?? false);
    }
  };
  svg.addEventListener("click", (event) => {
    const spot = (event.target as Element).closest<SVGElement>("[data-spot]")?.dataset.spot ?? "";
    const field = input(spot);
    if (field && !field.disabled) {
      field.checked = field.type === "radio" || !field.checked;
      changed(field);
      paint();
      return;
    }
    // in pairs and orders: the first empty field that offers this place takes it
    for (const select of interaction.querySelectorAll<HTMLSelectElement>("select:not(:disabled)")) {
      if (!select.value && [...select.options].some((option) => option.value === spot)) {
        select.value = spot;
        changed(select);
        return;
      }
    }
  });
  interaction.addEventListener("change", paint);
  interaction.addEventListener("restored", paint);
  paint();
}

function points(interaction: HTMLElement, svg: SVGSVGElement, rows: HTMLElement[]): void {
  const fields = rows.map((row) => [...row.querySelectorAll<HTMLInputElement>("input")]);
  const paint = () => {
    svg.querySelectorAll(".qti-point").forEach((point) => point.remove());
    for (const [x, y] of fields) {
      if (!x?.value || !y?.value) continue;
      const circle = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      for (const [name, value] of [["cx", x.value], ["cy", y.value], ["r", "6"], ["class", "qti-point"]]) {
        circle.setAttribute(name, value);
      }
      svg.append(circle);
    }
  };
  svg.addEventListener("click", (event) => {
    if (fields[0]?.[0]?.disabled) return;
    const box = svg.getBoundingClientRect();
    const size = svg.viewBox.baseVal;
    const x = Math.round(((event.clientX - box.left) / box.width) * size.width);
    const y = Math.round(((event.clientY - box.top) / box.height) * size.height);
    // near a point that is set: it is taken back
    const near = fields.find(([a, b]) => a.value && Math.hypot(Number(a.value) - x, Number(b.value) - y) < 10);
    const target = near ?? fields.find(([a]) => !a.value) ?? fields[fields.length - 1];
    [target[0].value, target[1].value] = near ? ["", ""] : [String(x), String(y)];
    changed(target[0]);
    paint();
  });
  interaction.addEventListener("input", paint);
  interaction.addEventListener("restored", paint);
  paint();
}

/** A slide and the number beside it; the slide alone is no answer until it is moved. */
function slide(range: HTMLInputElement): void {
  const number = range.parentElement?.querySelector<HTMLInputElement>("input[type=number]");
  if (!number) return;
  range.addEventListener("input", () => {
    number.value = range.value;
    number.dispatchEvent(new Event("input", { bubbles: true }));
  });
  for (const event of ["input", "restored"]) {
    number.addEventListener(event, () => {
      if (number.value) range.value = number.value;
    });
  }
}

/** How often a recording was played to its end; no more than allowed. */
function plays(field: HTMLInputElement): void {
  const player = field.closest("[data-interaction]")?.querySelector<HTMLMediaElement>("audio, video");
  const most = Number(field.dataset.plays);
  if (!player) return;
  player.addEventListener("ended", () => {
    field.value = String(Number(field.value || 0) + 1);
    changed(field);
  });
  player.addEventListener("play", () => {
    if (most && Number(field.value || 0) >= most) player.pause();
  });
}

/** "120 / 300" under a text of an expected length. */
function count(area: HTMLTextAreaElement): void {
  const shown = document.createElement("div");
  shown.className = "form-hint";
  shown.setAttribute("aria-hidden", "true");
  area.after(shown);
  const turn = () => (shown.textContent = `${area.value.length} / ${area.dataset.expected}`);
  area.addEventListener("input", turn);
  area.addEventListener("restored", turn);
  turn();
}

/** Drawing with pointer; the picture goes into the file field beside it as PNG. */
function canvas(holder: HTMLElement): void {
  const file = holder.closest("[data-interaction]")?.querySelector<HTMLInputElement>("[data-file]");
  if (!file) return;
  const ground = holder.querySelector("img");
  const sheet = document.createElement("canvas");
  [sheet.width, sheet.height] = [ground?.width || 600, ground?.height || 400];
  sheet.className = "qti-sheet";
  const pen = sheet.getContext("2d");
  if (!pen) return;
  const clean = () => {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, sheet.width, sheet.height);
    if (ground?.complete && ground.naturalWidth) pen.drawImage(ground, 0, 0, sheet.width, sheet.height);
  };
  clean();
  ground?.addEventListener("load", clean);
  if (ground) ground.hidden = true;
  Object.assign(pen, { lineWidth: 3, lineCap: "round", lineJoin: "round", strokeStyle: "#0b2633" });
  const at = (event: PointerEvent): [number, number] => {
    const box = sheet.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * sheet.width,
      ((event.clientY - box.top) / box.height) * sheet.height,
    ];
  };
  sheet.addEventListener("pointerdown", (event) => {
    sheet.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...at(event));
  });
  sheet.addEventListener("pointermove", (event) => {
    if (!sheet.hasPointerCapture(event.pointerId)) return;
    pen.lineTo(...at(event));
    pen.stroke();
  });
  sheet.addEventListener("pointerup", () => {
    sheet.toBlob((blob) => {
      if (!blob) return;
      const box = new DataTransfer();
      box.items.add(new File([blob], "drawing.png", { type: "image/png" }));
      file.files = box.files;
      changed(file);
    });
  });
  holder.append(sheet);
}
