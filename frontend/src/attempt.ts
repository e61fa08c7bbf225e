// An attempt at a test: every answer is kept on the device first, then sent until the server has
// acknowledged it. Works on `form[data-attempt]`; items in it are `[data-item]`.
//
// form: data-attempt (id), data-ticket, data-ticket-url (a new ticket), data-answers-url (by way of
// the site), data-hot-url (of the process for answers; none: only the site), data-ends (ms of the
// server's clock), data-now (the same at the moment the page was made), and the words it says:
// data-say-saved, -waiting, -offline, -late, -left ("{n}" and "{time}" are filled in).

interface Kept {
  id: string;
  attempt: string;
  ref: string;
  fields: Record<string, string[]>;
  at: number;
  ms: number;
}

const PAUSES = [500, 1000, 2000, 4000, 8000, 15000];
const STORE = "answers";
const NOTED = "sreda-answer ";

export function enhance(root: ParentNode): void {
  root.querySelectorAll<HTMLFormElement>("form[data-attempt]").forEach((form) => {
    if (!form.dataset.bound) void new Attempt(form).begin();
  });
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("sreda-answers", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(STORE, { keyPath: "id" }).createIndex("attempt", "attempt");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** What waits to be acknowledged; in memory alone where the browser keeps nothing. */
class Shelf {
  private memory = new Map<string, Kept>();
  private base: Promise<IDBDatabase | null> = opened().catch(() => null);

  private async ask<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>) {
    const base = await this.base;
    if (!base) return undefined;
    return new Promise<T | undefined>((resolve) => {
      const transaction = base.transaction(STORE, mode, { durability: "strict" });
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => resolve(undefined);
    });
  }

  async put(kept: Kept): Promise<void> {
    this.memory.set(kept.id, kept);
    await this.ask("readwrite", (store) => store.put(kept));
  }

  /** At once, for a page that goes: what is begun in the database then may never end. */
  note(kept: Kept): void {
    this.memory.set(kept.id, kept);
    try {
      localStorage.setItem(`${NOTED}${kept.attempt} ${kept.id}`, JSON.stringify(kept));
    } catch {
      void this.put(kept);
    }
  }

  /** What was noted by the page before this one goes to the rest. */
  async gather(attempt: string): Promise<void> {
    try {
      for (const key of Object.keys(localStorage).filter((name) => name.startsWith(`${NOTED}${attempt} `))) {
        await this.put(JSON.parse(localStorage.getItem(key) ?? "") as Kept);
        localStorage.removeItem(key);
      }
    } catch {
      // no storage, or not ours: nothing was noted
    }
  }

  async drop(id: string): Promise<void> {
    localStorage.removeItem(`${NOTED}${this.memory.get(id)?.attempt} ${id}`);
    this.memory.delete(id);
    await this.ask("readwrite", (store) => store.delete(id));
  }

  async of(attempt: string): Promise<Kept[]> {
    const found = await this.ask<Kept[]>("readonly", (store) => store.index("attempt").getAll(attempt));
    const all = new Map((found ?? []).map((kept) => [kept.id, kept]));
    for (const kept of this.memory.values()) if (kept.attempt === attempt) all.set(kept.id, kept);
    return [...all.values()].sort((a, b) => a.at - b.at);
  }
}

class Attempt {
  private shelf = new Shelf();
  private id: string;
  private sending: Promise<boolean> | null = null;
  private failures = 0;
  private timer = 0;
  private since = Date.now();
  private debounce = new Map<HTMLElement, number>();
  private unkept = new Set<Kept>();
  private status: HTMLElement | null;
  private avoidHotUntil = 0;

  constructor(private form: HTMLFormElement) {
    form.dataset.bound = "1";
    this.id = form.dataset.attempt ?? "";
    this.status = form.querySelector("[data-status]");
  }

  async begin(): Promise<void> {
    // first of all: whoever answers while the store still opens is heard
    const changed = (event: Event, pause: number) => {
      const item = (event.target as Element).closest<HTMLElement>("[data-item]");
      if (item && (event.target as Element).matches("input, select, textarea")) this.soon(item, pause);
    };
    this.form.addEventListener("input", (event) => changed(event, 300));
    this.form.addEventListener("change", (event) => changed(event, 0));
    this.form.addEventListener("submit", (event) => void this.submitted(event), { capture: true });
    window.addEventListener("online", () => void this.flush());
    window.addEventListener("pagehide", () => this.settle());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.settle();
      else void this.flush();
    });
    this.clock();
    this.form.querySelectorAll<HTMLElement>("[data-touched]").forEach((item) => this.soon(item, 0));
    await this.shelf.gather(this.id);
    for (const kept of await this.shelf.of(this.id)) this.restore(kept);
    await this.flush();
  }

  /** Puts an answer that never arrived back into the fields, unless they hold a newer one. */
  private restore(kept: Kept): void {
    const item = this.form.querySelector<HTMLElement>(`[data-item="${CSS.escape(kept.ref)}"]`);
    if (!item || item.hasAttribute("data-touched")) return;
    const left = new Map(Object.entries(kept.fields).map(([name, values]) => [name, [...values]]));
    for (const field of fieldsOf(item)) {
      const values = left.get(nameOf(item, field));
      if (field instanceof HTMLInputElement && ["radio", "checkbox"].includes(field.type)) {
        field.checked = values?.includes(field.value) ?? false;
      } else if (field instanceof HTMLSelectElement) {
        for (const option of field.options) option.selected = values?.includes(option.value) ?? false;
      } else {
        field.value = values?.shift() ?? "";
      }
      field.dispatchEvent(new CustomEvent("restored", { bubbles: true }));
    }
    this.ask(item);
  }

  private soon(item: HTMLElement, pause: number): void {
    window.clearTimeout(this.debounce.get(item));
    this.ask(item);
    this.debounce.set(item, window.setTimeout(() => void this.keep(item).then(() => this.flush()), pause));
  }

  /** What is asked before the hand-in counts the answer on this page. */
  private ask(item: HTMLElement): void {
    const button = this.form.querySelector<HTMLButtonElement>("[data-hand-in]");
    const files = [...item.querySelectorAll<HTMLInputElement>("input[type=file]")];
    const said = Object.keys(valuesOf(item)).length || files.some((field) => field.files?.length);
    if (button) button.dataset.confirm = said ? button.dataset.confirmAnswered : button.dataset.confirmEmpty;
  }

  private made(item: HTMLElement): Kept {
    window.clearTimeout(this.debounce.get(item));
    this.debounce.delete(item);
    const now = Date.now();
    const ref = item.dataset.item ?? "";
    const id = crypto.randomUUID?.() ?? randomId();
    const kept = { id, attempt: this.id, ref, fields: valuesOf(item), at: now, ms: now - this.since };
    this.since = now;
    return kept;
  }

  private async keep(item: HTMLElement): Promise<void> {
    const kept = this.made(item);
    this.unkept.add(kept);
    // what waits of the same item is replaced by this, and its time added to it
    const older = (await this.shelf.of(this.id)).filter((other) => other.ref === kept.ref && !this.sending);
    kept.ms += older.reduce((sum, other) => sum + other.ms, 0);
    await this.shelf.put(kept);
    this.unkept.delete(kept);
    for (const other of older) await this.shelf.drop(other.id);
    this.show();
  }

  /** Before the page goes: what was typed last is kept and sent in this very turn, for there may
   * be no other. Sent twice it is the same answer. */
  private settle(): void {
    const last = [...this.unkept, ...[...this.debounce.keys()].map((item) => this.made(item))];
    if (!last.length) return;
    for (const kept of last) this.shelf.note(kept);
    void this.post(last, true);
  }

  /** Sends all that waits; true when nothing is left. */
  flush(leaving = false): Promise<boolean> {
    window.clearTimeout(this.timer);
    this.sending ??= this.send(leaving).finally(() => {
      this.sending = null;
      this.show();
    });
    return this.sending;
  }

  private async send(leaving: boolean): Promise<boolean> {
    for (;;) {
      const waiting = (await this.shelf.of(this.id)).slice(0, 50);
      if (!waiting.length) {
        this.failures = 0;
        return true;
      }
      const outcome = await this.post(waiting, leaving);
      if (outcome === "again") continue;
      if (outcome !== "done") {
        const pause = typeof outcome === "number" ? outcome : PAUSES[Math.min(this.failures, PAUSES.length - 1)];
        this.failures += 1;
        this.timer = window.setTimeout(() => void this.flush(), pause * (0.75 + Math.random() / 2));
        return false;
      }
      this.failures = 0;
    }
  }

  /** "done", "again" at once, "failed", or the milliseconds the server asks to wait. */
  private async post(waiting: Kept[], leaving: boolean): Promise<"done" | "again" | "failed" | number> {
    const body = JSON.stringify({
      ticket: this.form.dataset.ticket,
      sent: Date.now(),
      answers: waiting.map(({ id, ref, fields, at, ms }) => ({ id, ref, values: { fields }, at, ms })),
    });
    const hotUrl = this.form.dataset.hotUrl;
    const hot = hotUrl && Date.now() > this.avoidHotUntil;
    const address = hot ? hotUrl : (this.form.dataset.answersUrl ?? "");
    try {
      const response = await fetch(address, {
        method: "POST",
        body,
        credentials: "omit",
        headers: { "Content-Type": "text/plain" },
        keepalive: leaving && body.length < 60_000,
        signal: AbortSignal.timeout?.(20_000),
      });
      if (response.status === 503) return 1000 * Number(response.headers.get("Retry-After") ?? 2);
      if (response.status === 403) return (await this.renew()) ? "again" : "failed";
      if (!response.ok) return "failed";
      const told: Record<string, string> = (await response.json()).answers;
      for (const { id } of waiting) if (id in told) await this.shelf.drop(id);
      if (Object.values(told).some((fate) => fate !== "saved")) this.tell("late");
      return "done";
    } catch {
      if (hot) {
        this.avoidHotUntil = Date.now() + 60_000; // the site's own way is open
        return "again";
      }
      return "failed";
    }
  }

  private async renew(): Promise<boolean> {
    try {
      const response = await fetch(this.form.dataset.ticketUrl ?? "", { headers: { Accept: "application/json" } });
      if (!response.ok) return false;
      this.form.dataset.ticket = (await response.json()).ticket;
      return true;
    } catch {
      return false;
    }
  }

  /** The form goes once nothing waits; with the link away it says so and goes when it is back. */
  private async submitted(event: SubmitEvent): Promise<void> {
    if (this.form.dataset.settled) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    for (const item of this.form.querySelectorAll<HTMLElement>("[data-item]")) {
      if (this.debounce.has(item)) await this.keep(item);
    }
    if (this.sending) await this.sending;
    while (!(await this.flush())) {
      this.tell("offline");
      await new Promise((resolve) => window.setTimeout(resolve, 1500));
    }
    this.form.dataset.settled = "1";
    this.form.dataset.confirmed = "1"; // it has been asked already
    this.form.requestSubmit(event.submitter as HTMLButtonElement | null);
  }

  private show(): void {
    void this.shelf.of(this.id).then((waiting) => {
      if (!waiting.length) this.tell("saved");
      else this.tell(navigator.onLine ? "waiting" : "offline", waiting.length);
    });
  }

  private tell(word: string, n = 0): void {
    if (!this.status) return;
    const key = `say${word[0].toUpperCase()}${word.slice(1)}`;
    const text = (this.form.dataset[key] ?? "").replace("{n}", String(n));
    if (this.status.textContent !== text) this.status.textContent = text;
    this.status.dataset.state = word;
  }

  /** The time is over: nobody is asked any more. */
  private over(): void {
    this.form.dataset.confirmed = "1";
    this.form.requestSubmit(this.form.querySelector<HTMLButtonElement>("[data-hand-in]"));
  }

  /** Counts down to the end by the server's clock, aloud only at the last minutes. */
  private clock(): void {
    const shown = this.form.querySelector<HTMLElement>("[data-clock]");
    const ends = Number(this.form.dataset.ends);
    if (!shown || !ends) return;
    const ahead = Date.now() - Number(this.form.dataset.now);
    const words = this.form.dataset.sayLeft ?? "{time}";
    const turn = () => {
      const left = Math.max(0, Math.round((ends - (Date.now() - ahead)) / 1000));
      const parts = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
      const time = parts.slice(parts[0] ? 0 : 1).map((part, n) => (n ? String(part).padStart(2, "0") : part));
      // of days to come the page says when they end
      if (left < 24 * 3600) shown.textContent = words.replace("{time}", time.join(":"));
      shown.setAttribute("aria-live", left === 300 || left === 60 ? "polite" : "off");
      shown.classList.toggle("is-short", left < 300);
      if (left > 0) window.setTimeout(turn, 1000);
      else void this.flush().then(() => this.over());
    };
    turn();
  }
}

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

function fieldsOf(item: HTMLElement): Field[] {
  return [...item.querySelectorAll<Field>("input[name], select[name], textarea[name]")].filter(
    (field) => field.type !== "file",
  );
}

function nameOf(item: HTMLElement, field: Field): string {
  const prefix = item.dataset.prefix ?? "";
  return field.name.startsWith(prefix) ? field.name.slice(prefix.length) : field.name;
}

/** The item's fields by name without its prefix; empty ones are left out. */
function valuesOf(item: HTMLElement): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const field of fieldsOf(item)) {
    let values: string[] = [];
    if (field instanceof HTMLSelectElement) values = [...field.selectedOptions].map((option) => option.value);
    else if (!(field instanceof HTMLInputElement && ["radio", "checkbox"].includes(field.type)) || field.checked) {
      values = [field.value];
    }
    values = values.filter((value) => value !== "");
    if (values.length) (found[nameOf(item, field)] ??= []).push(...values);
  }
  return found;
}

/** For pages that are not served by https, where `crypto.randomUUID` is missing. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
