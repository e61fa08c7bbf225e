// The page's side of a portable custom interaction: opens its closed frame, gives it what it needs,
// and takes from it nothing but a response and a state of the right shape. A frame that is silent,
// floods or breaks is taken out, and the words that are there without a script stand in its place.

const LONGEST = 60_000;
const FLOOD = 120; // messages a second
const STARTING = 20_000;
const SILENT = 8_000;
const TALLEST = 4_000;
const KINDS = new Set(["base", "list", "record"]);

export function enhance(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>("[data-portable]").forEach((box) => {
    if (box.dataset.enhanced) return;
    box.dataset.enhanced = "1";
    new Portable(box).open();
  });
}

class Portable {
  private frame: HTMLIFrameElement | null = null;
  private start: Record<string, unknown>;
  private response: HTMLInputElement | null;
  private state: HTMLInputElement | null;
  private heard = 0;
  private started = false;
  private ready = false;
  private watch = 0;
  private count = 0;

  constructor(private box: HTMLElement) {
    this.start = JSON.parse(box.dataset.start ?? "{}");
    this.response = box.querySelector("input[data-portable-response]");
    this.state = box.querySelector("input[data-portable-state]");
    window.addEventListener("message", (event) => this.message(event));
    window.addEventListener("pagehide", () => this.post({ pci: "end" }));
    this.box.querySelector("[data-portable-again]")?.addEventListener("click", () => this.open());
    this.state?.addEventListener("restored", () => this.restored());
    this.response?.addEventListener("restored", () => this.restored());
  }

  open(): void {
    this.close();
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts");
    frame.setAttribute("allow", "");
    frame.referrerPolicy = "no-referrer";
    frame.className = "qti-portable-frame";
    frame.title = this.box.dataset.label ?? "";
    frame.src = this.box.dataset.portable ?? "";
    this.box.classList.remove("is-broken");
    this.box.querySelector("[data-portable-place]")?.replaceChildren(frame);
    [this.frame, this.heard, this.count] = [frame, performance.now(), 0];
    this.started = this.ready = false;
    this.watch = window.setInterval(() => this.look(), 1000);
  }

  private close(): void {
    window.clearInterval(this.watch);
    this.frame?.remove();
    this.frame = null;
  }

  private broken(): void {
    this.close();
    this.box.classList.add("is-broken");
  }

  private post(message: object): void {
    // its origin is opaque, so none can be named
    this.frame?.contentWindow?.postMessage(message, "*");
  }

  private look(): void {
    this.count = 0;
    if (!this.box.isConnected) return this.close();
    if (document.hidden) {
      this.heard = performance.now();
      return;
    }
    if (performance.now() - this.heard > (this.ready ? SILENT : STARTING)) this.broken();
    else if (this.ready) this.post({ pci: "ping" });
  }

  private message(event: MessageEvent): void {
    if (!this.frame || event.source !== this.frame.contentWindow) return;
    if (++this.count > FLOOD) return this.broken();
    const data: unknown = event.data;
    if (typeof data !== "object" || data === null) return;
    const told = data as Record<string, unknown>;
    switch (told.pci) {
      case "here":
        this.started = true;
        this.post({ pci: "start", ...this.current(), fontSize: getComputedStyle(document.documentElement).fontSize });
        break;
      case "ready":
        this.ready = true;
        this.heard = performance.now();
        this.box.classList.add("is-ready");
        break;
      case "pong":
        this.heard = performance.now();
        break;
      case "height":
        if (typeof told.height === "number" && told.height > 0) {
          this.frame.style.height = `${Math.min(told.height + 2, TALLEST)}px`;
        }
        break;
      case "response":
        this.take(told);
        break;
      case "broken":
        console.warn(told.why);
        this.broken();
    }
  }

  private take(told: Record<string, unknown>): void {
    if (!this.response || !this.state || !isResponse(told.response)) return;
    const response = written(told.response);
    const state = told.state == null ? "" : written(told.state);
    if (response === null || state === null) return;
    const hint = this.box.querySelector("[data-portable-message]");
    if (hint) hint.textContent = told.valid === false && typeof told.message === "string" ? told.message.slice(0, 300) : "";
    if (this.response.value === response && this.state.value === state) return;
    this.response.value = response;
    this.state.value = state;
    this.response.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** A frame that was given older contents is opened anew. */
  private restored(): void {
    if (this.started) this.open();
  }

  /** What the fields hold now: an answer that waited on this device is newer than the page. */
  private current(): Record<string, unknown> {
    if (!this.response || !this.state) return this.start;
    try {
      const value = this.response.value ? JSON.parse(this.response.value) : { base: null };
      const state = this.state.value ? JSON.parse(this.state.value) : null;
      return { ...this.start, bound: { [String(this.start.response)]: value }, state };
    } catch {
      return this.start;
    }
  }
}

/** Null, or an object with one of the three forms of a response. */
function isResponse(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== "object" || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && KINDS.has(keys[0]);
}

/** As JSON; null for what is too long or none. */
function written(value: unknown): string | null {
  if (value === null) return "";
  try {
    const text = JSON.stringify(value);
    return text !== undefined && text.length <= LONGEST ? text : null;
  } catch {
    return null;
  }
}
