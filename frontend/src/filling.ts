// Filling a report: each cell is saved by itself. What is typed is kept in this browser first, and
// leaves it only when the server has said that it has it; so nothing is lost without a network,
// over a reload, or when the window is closed. Others' cells appear within seconds.

interface Change {
  key: string;
  row: string;
  value: string;
  reason?: string;
  remove?: boolean;
  edition?: number;
}
interface Batch {
  id: string;
  force?: boolean;
  changes: Change[];
}
interface Fault {
  place: string;
  key: string;
  row: string;
  kind: "value" | "reason" | "conflict" | "place";
  message: string;
  value: string;
}
interface Changed {
  place: string;
  key: string;
  row: string;
  value: string;
  shown: string;
  state: string;
  words: string;
  source: string;
  by: string;
  edition: number;
}
interface Answer {
  edition: number;
  status: string;
  message: string;
  asked?: Record<string, boolean>; // of cells with a condition; empty where nothing changed
  faults: Fault[];
  changed: Changed[];
}
/** A fieldset is a cell of several answers: a box to tick for each. */
type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement | HTMLFieldSetElement;

const POLL = 4000;
const SOON = 250;
const RETRY = [2000, 5000, 15000, 30000];
const MOST = 400; // cells of one batch

/** What waits, by report and person: another who signs in here does not send it. */
class Kept {
  constructor(private readonly name: string) {}

  read(): { waiting: Record<string, Change>; sending: Batch | null } {
    try {
      const said = JSON.parse(localStorage.getItem(this.name) ?? "{}");
      // What was refused is tried again: the server asks its question anew
      return { waiting: { ...said.faulty, ...said.waiting }, sending: said.sending ?? null };
    } catch {
      return { waiting: {}, sending: null };
    }
  }

  write(
    waiting: Record<string, Change>,
    sending: Batch | null,
    faulty: Record<string, Change>,
  ): void {
    try {
      if (!sending && !Object.keys(waiting).length && !Object.keys(faulty).length) {
        localStorage.removeItem(this.name);
      } else localStorage.setItem(this.name, JSON.stringify({ waiting, sending, faulty }));
    } catch {
      // A full or forbidden storage: the cells are still in the page and are sent from it
    }
  }
}

const place = (change: { key: string; row: string }): string =>
  change.row ? change.key.replace("*", change.row) : change.key;

const boxes = (control: HTMLFieldSetElement): HTMLInputElement[] =>
  Array.from(control.querySelectorAll<HTMLInputElement>("input[type=checkbox]"));

function valueOf(control: Control): string {
  if (!(control instanceof HTMLFieldSetElement)) return control.value.trim();
  const ticked = boxes(control).filter((box) => box.checked);
  return ticked.map((box) => box.value).join("\n");
}

/** What the page came with, whatever has been typed since. */
function sentOf(control: Control): string {
  if (control instanceof HTMLFieldSetElement) {
    const ticked = boxes(control).filter((box) => box.defaultChecked);
    return ticked.map((box) => box.value).join("\n");
  }
  if (control instanceof HTMLSelectElement) {
    const options = Array.from(control.options);
    return (options.find((option) => option.defaultSelected) ?? options[0])?.value.trim() ?? "";
  }
  return control.defaultValue.trim();
}

function put(control: Control, value: string): void {
  if (control instanceof HTMLFieldSetElement) {
    const chosen = new Set(value.split("\n"));
    for (const box of boxes(control)) box.checked = chosen.has(box.value);
  } else control.value = value;
}

/** The cell that an element is, or is within. */
const cellOf = (element: Element | null): Control | null =>
  element?.closest<Control>(".cell-input") ?? null;

function stand(control: Control | null | undefined): void {
  (control instanceof HTMLFieldSetElement ? boxes(control)[0] : control)?.focus();
}

export function enhance(root: ParentNode): void {
  const form = root.querySelector<HTMLFormElement>("form[data-filling]");
  if (form && !form.dataset.ready) {
    form.dataset.ready = "1";
    new Filling(form).start();
  }
}

class Filling {
  private edition: number;
  private waiting: Record<string, Change> = {};
  private sending: Batch | null = null;
  private faulty: Record<string, Change> = {};
  private busy = false;
  private failed = 0;
  private timer = 0;
  private readonly kept: Kept;
  private readonly shown = new Map<string, string>(); // what the server has, by place
  private asked: Record<string, boolean> = {};
  private readonly state: HTMLElement | null;
  private readonly bar: HTMLElement | null;
  private stopped = "";
  private message = ""; // what the server last said of what it saved: it stands until it is not so

  constructor(private readonly form: HTMLFormElement) {
    this.edition = Number(form.dataset.edition);
    this.asked = JSON.parse(form.dataset.asked ?? "{}") as Record<string, boolean>;
    this.kept = new Kept(`sreda-report:${form.dataset.filling}:${form.dataset.user}`);
    this.state = form.querySelector("[data-save-state]");
    this.bar = document.querySelector("[data-cell-bar]");
  }

  private keep(): void {
    this.kept.write(this.waiting, this.sending, this.faulty);
  }

  private said(name: string): string {
    return this.form.dataset[`said${name}`] ?? "";
  }

  private controls(): Control[] {
    return Array.from(this.form.querySelectorAll<Control>(".cell-input"));
  }

  private control(where: string): Control | null {
    return this.form.querySelector<Control>(`.cell-input[data-cell="${CSS.escape(where)}"]`);
  }

  start(): void {
    for (const control of this.controls()) this.shown.set(control.dataset.cell!, sentOf(control));
    // typed while this script was on its way
    const early = this.controls().filter((control) => valueOf(control) !== sentOf(control));
    const typed = early.map((control) => [control, valueOf(control)] as const);
    this.form.querySelectorAll<HTMLElement>("[data-without-script]").forEach((e) => (e.hidden = true));
    this.form.querySelectorAll<HTMLElement>("[data-add-row]").forEach((e) => (e.hidden = false));
    if (this.state) this.state.hidden = false;
    this.takeUp();
    this.form.addEventListener("change", (event) => this.changed(event.target as HTMLElement));
    this.form.addEventListener("input", (event) => this.typed(event.target as HTMLElement));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("keydown", (event) => this.key(event));
    this.form.addEventListener("paste", (event) => this.paste(event));
    this.form.addEventListener("focusin", (event) => this.about(event.target as HTMLElement));
    this.form.addEventListener("click", (event) => this.pressed(event));
    window.addEventListener("online", () => this.soon(0));
    window.addEventListener("pagehide", () => this.last());
    document.addEventListener("visibilitychange", () => !document.hidden && void this.poll());
    window.setInterval(() => !document.hidden && void this.poll(), POLL);
    this.tell();
    for (const [control, value] of typed) {
      put(control, value);
      this.note(control);
    }
    if (this.sending || Object.keys(this.waiting).length) this.soon(0);
  }

  /** What an earlier page could not send: back into the cells, and on its way. */
  private takeUp(): void {
    const kept = this.kept.read();
    this.waiting = kept.waiting;
    this.sending = kept.sending;
    for (const change of [...(this.sending?.changes ?? []), ...Object.values(this.waiting)]) {
      const control = this.control(place(change));
      if (control && !change.remove) put(control, change.value);
    }
  }

  private typed(target: HTMLElement): void {
    const control = cellOf(target);
    if (!control) return;
    window.clearTimeout(Number(control.dataset.timer ?? 0));
    control.dataset.timer = String(window.setTimeout(() => this.note(control), 900));
  }

  private changed(target: HTMLElement): void {
    const control = cellOf(target);
    if (control) this.note(control);
    else if (target instanceof HTMLInputElement && target.dataset.drop) this.drop(target);
  }

  private note(control: Control): void {
    window.clearTimeout(Number(control.dataset.timer ?? 0));
    const where = control.dataset.cell!;
    const value = valueOf(control);
    const before = this.waiting[where]?.value ?? this.sent(where) ?? this.shown.get(where) ?? "";
    if (value === before) return;
    this.add({ key: control.dataset.key!, row: control.dataset.row ?? "", value });
  }

  private sent(where: string): string | undefined {
    return this.sending?.changes.find((change) => place(change) === where)?.value;
  }

  private add(change: Change): void {
    this.waiting[place(change)] = { ...change, edition: this.edition };
    this.keep();
    this.tell();
    this.soon(SOON);
  }

  private soon(delay: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.flush(), delay);
  }

  private csrf(): string {
    return this.form.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]")?.value ?? "";
  }

  private async flush(): Promise<void> {
    if (this.busy || this.stopped) return;
    if (!this.sending) {
      const next = Object.entries(this.waiting).slice(0, MOST);
      if (!next.length) return;
      this.sending = { id: crypto.randomUUID(), changes: next.map(([, change]) => change) };
      for (const [where] of next) delete this.waiting[where];
      this.keep();
    }
    this.busy = true;
    this.tell();
    try {
      const batch = this.sending;
      const answer = await fetch(this.form.dataset.save!, {
        method: "POST",
        redirect: "manual",
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf(), Accept: "application/json" },
        body: JSON.stringify({
          key: batch.id,
          edition: this.edition,
          force: batch.force ?? false,
          changes: batch.changes,
        }),
      });
      if (answer.status === 409) {
        this.stopped = ((await answer.json()) as { message: string }).message;
        return;
      }
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
        this.failed++;
        this.tell(this.said("Sign"));
        return;
      }
      if (answer.status === 404) {
        // Not theirs to fill any more: the part was taken back, or the report went
        this.stopped = this.said("Gone");
        return;
      }
      if (answer.status === 400) {
        // Sent again it would be refused again: the cells stay in the page, and in words
        this.sending = null;
        this.keep();
        this.tell(((await answer.json()) as { message: string }).message);
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const said = (await answer.json()) as Answer;
      this.failed = 0;
      const landed = batch.changes;
      this.sending = null;
      const faulty = new Set(said.faults.map((fault) => fault.place));
      for (const change of landed) {
        if (faulty.has(place(change))) this.faulty[place(change)] = change;
      }
      this.keep();
      for (const change of landed) {
        if (faulty.has(place(change))) continue;
        this.shown.set(place(change), change.value);
        this.right(place(change));
      }
      this.take(said, new Set(landed.map(place)));
      for (const fault of said.faults) this.fault(fault);
      this.message = said.message;
    } catch {
      this.failed++;
    } finally {
      this.busy = false;
      this.tell();
      if (this.sending && !this.stopped) this.soon(RETRY[Math.min(this.failed, RETRY.length) - 1] ?? SOON);
      else if (Object.keys(this.waiting).length) this.soon(SOON);
    }
  }

  /** The window closes: what is kept is sent once more, without waiting for an answer. */
  private last(): void {
    const focused = cellOf(document.activeElement);
    if (focused) this.note(focused);
    if (this.busy || this.stopped || !Object.keys(this.waiting).length || this.sending) return;
    const next = Object.entries(this.waiting).slice(0, 100);
    this.sending = { id: crypto.randomUUID(), changes: next.map(([, change]) => change) };
    for (const [where] of next) delete this.waiting[where];
    this.keep();
    void fetch(this.form.dataset.save!, {
      method: "POST",
      keepalive: true,
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf() },
      body: JSON.stringify({ key: this.sending.id, edition: this.edition, changes: this.sending.changes }),
    }).catch(() => undefined);
  }

  private async poll(): Promise<void> {
    if (this.busy) return;
    try {
      const answer = await fetch(`${this.form.dataset.state}?edition=${this.edition}`, {
        redirect: "manual",
        headers: { Accept: "application/json" },
      });
      if (!answer.ok) return;
      this.take((await answer.json()) as Answer, new Set());
      if (this.failed) this.soon(0);
    } catch {
      // No network: the next time
    }
  }

  private take(answer: Answer, own: Set<string>): void {
    if (answer.edition <= this.edition && !own.size) return;
    const others = new Set<string>();
    for (const cell of answer.changed) {
      const control = this.control(cell.place);
      if (!control) {
        this.plain(cell);
        continue;
      }
      const busy = control.contains(document.activeElement) && valueOf(control) !== this.shown.get(cell.place);
      const waits = cell.place in this.waiting || this.sent(cell.place) !== undefined;
      this.dress(control, cell);
      if (busy || waits) continue;
      this.shown.set(cell.place, cell.value);
      if (cell.place in this.faulty) continue; // what was typed waits there for an answer
      if (valueOf(control) !== cell.value) {
        put(control, cell.value);
        if (!own.has(cell.place) && cell.by) others.add(cell.by);
        control.closest(".cell")?.classList.add("is-new");
        window.setTimeout(() => control.closest(".cell")?.classList.remove("is-new"), 3000);
      }
      this.right(cell.place);
    }
    this.appear(answer.asked ?? {});
    this.edition = Math.max(this.edition, answer.edition);
    const hidden = this.form.querySelector<HTMLInputElement>("input[name=edition]");
    if (hidden) hidden.value = String(this.edition);
    if (others.size) this.tell(`${[...others].join(", ")} ${this.said("Other")}`);
  }

  /** Cells whose condition has come true appear, the others go, as the server says. What stands in
   * them stays: it is there again when they come back. */
  private appear(asked: Record<string, boolean>, within: ParentNode = this.form): void {
    if (Object.keys(asked).length) this.asked = asked;
    for (const box of Array.from(within.querySelectorAll<HTMLElement>("[data-condition]"))) {
      const { condition, conditionNew } = box.dataset;
      const hide = !(this.asked[condition!] ?? this.asked[conditionNew ?? ""] ?? true);
      if (box.hidden === hide) continue;
      const focused = document.activeElement;
      if (hide && focused instanceof HTMLElement && box.contains(focused)) {
        const control = cellOf(focused);
        if (control) this.note(control);
        box.hidden = true;
        this.onwards(control ?? focused);
      } else box.hidden = hide;
    }
  }

  /** The cell in which somebody stood has gone: the next one, or the one before, takes the keys. */
  private onwards(from: HTMLElement): void {
    const open = this.controls().filter((control) => control === from || control.offsetParent);
    const at = open.indexOf(from as Control);
    stand(open[at + 1] ?? open[at - 1]);
  }

  /** A cell that is only shown, not typed. */
  private plain(cell: Changed): void {
    const found = this.form.querySelector(`.cell-value[data-cell="${CSS.escape(cell.place)}"]`);
    if (found) found.textContent = cell.shown || "—";
  }

  private dress(control: Control, cell: Changed): void {
    const box = control.closest(".cell");
    if (!box) return;
    for (const name of Array.from(box.classList)) {
      if (name.startsWith("is-") && name !== "is-faulty") box.classList.remove(name);
    }
    if (cell.state) box.classList.add(`is-${cell.state}`);
    control.title = cell.words;
  }

  private right(where: string): void {
    if (where in this.faulty) {
      delete this.faulty[where];
      this.keep();
    }
    const control = this.control(where);
    const box = control?.closest(".cell");
    if (!control || !box?.classList.contains("is-faulty")) return;
    box.classList.remove("is-faulty");
    control.removeAttribute("aria-invalid");
    const note = box.querySelector<HTMLElement>(".cell-fault");
    if (note) note.hidden = true;
    box.querySelector(".cell-ask")?.remove();
  }

  private fault(fault: Fault): void {
    const control = this.control(fault.place);
    const box = control?.closest<HTMLElement>(".cell");
    if (!control || !box || box.hidden) {
      this.tell(`${this.said("Refused")}: ${fault.message}`);
      return;
    }
    box.classList.add("is-faulty");
    control.setAttribute("aria-invalid", "true");
    const note = box.querySelector<HTMLElement>(".cell-fault");
    if (note) {
      note.textContent = fault.message;
      note.hidden = false;
      control.setAttribute("aria-describedby", note.id);
    }
    box.querySelector(".cell-ask")?.remove();
    if (fault.kind === "reason") this.ask(control, box, fault);
    else if (fault.kind === "conflict") this.choose(control, box, fault);
  }

  private ask(control: Control, box: Element, fault: Fault): void {
    const ask = document.createElement("div");
    ask.className = "cell-ask";
    const id = `${control.id}-why`;
    const label = document.createElement("label");
    label.className = "form-label";
    label.htmlFor = id;
    label.textContent = this.said("Reason");
    const why = document.createElement("input");
    why.className = "form-control form-control-sm";
    why.id = id;
    why.maxLength = 500;
    const send = this.button(this.said("Propose"), "btn btn-sm btn-primary", () => {
      if (!why.value.trim()) {
        why.focus();
        return;
      }
      this.add({ key: fault.key, row: fault.row, value: valueOf(control), reason: why.value.trim() });
    });
    const back = this.button(this.said("Back"), "btn btn-sm btn-ghost", () => {
      put(control, this.shown.get(fault.place) ?? "");
      delete this.waiting[fault.place];
      this.keep();
      this.right(fault.place);
      this.tell();
    });
    why.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      event.stopPropagation();
      send.click();
    });
    ask.append(label, why, send, back);
    box.append(ask);
    const focused = document.activeElement;
    if (control.contains(focused) || focused === document.body) why.focus();
  }

  private choose(control: Control, box: Element, fault: Fault): void {
    const ask = document.createElement("div");
    ask.className = "cell-ask";
    ask.append(
      this.button(this.said("Mine"), "btn btn-sm btn-primary", () => {
        this.right(fault.place);
        this.add({ key: fault.key, row: fault.row, value: valueOf(control) });
      }),
      this.button(this.said("Theirs"), "btn btn-sm btn-ghost", () => {
        put(control, this.shown.get(fault.place) ?? "");
        this.right(fault.place);
      }),
    );
    box.append(ask);
  }

  private button(text: string, css: string, act: () => void): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = css;
    button.textContent = text;
    button.addEventListener("click", act);
    return button;
  }

  private drop(box: HTMLInputElement): void {
    const row = box.closest("tr");
    this.add({ key: box.dataset.drop!, row: box.dataset.dropRow!, value: "", remove: true });
    row?.remove();
  }

  private pressed(event: Event): void {
    const button = (event.target as Element).closest<HTMLElement>("[data-add-row]");
    if (!button) return;
    const table = button.closest("section")?.querySelector("table");
    const rows = table?.tBodies[0];
    const model = rows?.rows[rows.rows.length - 1];
    if (!rows || !model || rows.rows.length > Number(button.dataset.most)) return;
    const made = model.cloneNode(true) as HTMLTableRowElement;
    const before = model.dataset.listRow!;
    const name = `t${Date.now().toString(36)}${Math.random().toString(36).slice(2, 10)}`.slice(0, 26);
    made.dataset.listRow = name;
    for (const element of Array.from(made.querySelectorAll("*"))) {
      for (const attribute of Array.from(element.attributes)) {
        if (attribute.value.includes(before)) attribute.value = attribute.value.replaceAll(before, name);
      }
    }
    made.querySelectorAll<Control>(".cell-input").forEach((control) => put(control, ""));
    made.querySelectorAll(".cell-ask").forEach((ask) => ask.remove());
    made.querySelectorAll<HTMLElement>(".cell").forEach((cell) => (cell.className = "cell"));
    this.appear({}, made);
    rows.append(made);
    stand(made.querySelector<Control>(".cell-input"));
  }

  // ---- the keyboard of a spreadsheet

  private grid(control: HTMLElement): { rows: (Control | null)[][]; row: number; column: number } | null {
    const table = control.closest<HTMLTableElement>("table[data-sheet]");
    if (!table) return null;
    const rows = Array.from(table.tBodies[0]?.rows ?? [], (row) =>
      Array.from(row.cells, (cell) => cell.querySelector<Control>(".cell-input")),
    );
    const row = rows.findIndex((cells) => cells.includes(control as Control));
    return row < 0 ? null : { rows, row, column: rows[row].indexOf(control as Control) };
  }

  private key(event: KeyboardEvent): void {
    const control = event.target as HTMLElement;
    if (!control.matches(".cell-input") || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") {
      put(control as Control, this.shown.get(control.dataset.cell!) ?? "");
      this.right(control.dataset.cell!);
      return;
    }
    const enter = event.key === "Enter" && !(control instanceof HTMLTextAreaElement);
    if (enter) event.preventDefault();
    const found = this.grid(control);
    if (!found) return;
    const text = control instanceof HTMLInputElement ? control : null;
    const at = (edge: number): boolean =>
      !text || text.type === "date" ? false : text.selectionStart === edge && text.selectionEnd === edge;
    const steps: Record<string, [number, number] | undefined> = {
      ArrowDown: text ? [1, 0] : undefined,
      ArrowUp: text ? [-1, 0] : undefined,
      Enter: enter ? [event.shiftKey ? -1 : 1, 0] : undefined,
      ArrowRight: text && at(text.value.length) ? [0, 1] : undefined,
      ArrowLeft: text && at(0) ? [0, -1] : undefined,
    };
    const step = steps[event.key];
    if (!step) return;
    let [row, column] = [found.row + step[0], found.column + step[1]];
    while (found.rows[row] && column >= 0 && column < found.rows[row].length) {
      const next = found.rows[row][column];
      if (next) {
        event.preventDefault();
        stand(next);
        if (next instanceof HTMLInputElement && next.type === "text") next.select();
        return;
      }
      [row, column] = [row + step[0], column + step[1]];
    }
  }

  /** A block copied in a spreadsheet goes into the cells from this one on. */
  private paste(event: ClipboardEvent): void {
    const control = event.target as HTMLElement;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!control.matches?.(".cell-input") || control instanceof HTMLTextAreaElement) return;
    const lines = text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n");
    if (lines.length === 1 && !text.includes("\t")) return;
    const found = this.grid(control);
    if (!found) return;
    event.preventDefault();
    lines.forEach((line, down) => {
      line.split("\t").forEach((value, right) => {
        const target = found.rows[found.row + down]?.[found.column + right];
        if (!target) return;
        this.fit(target, value.trim());
        this.note(target);
      });
    });
  }

  private fit(control: Control, value: string): void {
    if (control instanceof HTMLFieldSetElement) {
      const said = new Set(value.split(";").map((one) => one.trim().toLowerCase()));
      for (const box of boxes(control)) {
        box.checked = said.has(box.value) || said.has(box.labels?.[0]?.textContent?.trim().toLowerCase() ?? "");
      }
    } else if (control instanceof HTMLSelectElement) {
      const same = Array.from(control.options).find(
        (option) => option.text.trim().toLowerCase() === value.toLowerCase() || option.value === value,
      );
      if (same) control.value = same.value;
    } else if (control.type === "date") {
      const day = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(value);
      control.value = day ? `${day[3]}-${day[2].padStart(2, "0")}-${day[1].padStart(2, "0")}` : value;
    } else control.value = value;
  }

  // ---- words

  private about(target: HTMLElement): void {
    const control = cellOf(target);
    if (!this.bar || !control) return;
    const bar = this.bar;
    const where = control.dataset.cell!;
    if (!control.closest(".cell")?.querySelector(".cell-about")) {
      bar.hidden = true;
      return;
    }
    window.setTimeout(async () => {
      if (!control.contains(document.activeElement)) return;
      try {
        const url = `${this.form.dataset.cellUrl}?bar=1&at=${encodeURIComponent(where)}`;
        const answer = await fetch(url, { redirect: "manual" });
        if (!answer.ok || !control.contains(document.activeElement)) return;
        bar.innerHTML = await answer.text();
        bar.hidden = false;
      } catch {
        bar.hidden = true;
      }
    }, 300);
  }

  private tell(note = ""): void {
    if (!this.state) return;
    const count = Object.keys(this.waiting).length + (this.sending?.changes.length ?? 0);
    const faulty = this.form.querySelectorAll(".cell.is-faulty:not([hidden])").length;
    let words = this.said("Saved");
    let kind = "saved";
    if (this.stopped) [words, kind] = [this.stopped, "stopped"];
    else if (count && this.failed) [words, kind] = [`${this.said("Waiting")}: ${count}`, "waiting"];
    else if (count) [words, kind] = [this.said("Saving"), "saving"];
    else if (faulty) [words, kind] = [`${this.said("Faults")}: ${faulty}`, "faulty"];
    else if (this.message) [words, kind] = [this.message, "faulty"];
    if (note) words = count || faulty ? `${words}. ${note}` : note;
    this.state.dataset.kind = kind;
    if (this.state.textContent !== words) this.state.textContent = words;
  }
}
