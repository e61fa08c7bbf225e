// Runs alone inside the closed frame of a portable custom interaction: loads its modules, makes its
// instance (1EdTech PCI 1.0), and tells the page outside the response, the state and the height.
// It shares its world with the module, so the page believes nothing it says beyond its shape.
import { Loader } from "./loader";

const LOOKS = `:root { color-scheme: light }
html { font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
body { margin: 0; padding: .75rem } * { max-width: 100% }`;
const looks = new CSSStyleSheet();
looks.replaceSync(LOOKS);
document.adoptedStyleSheets = [looks];

interface Start {
  pci: "start";
  type: string;
  module: string;
  response: string;
  bound: Record<string, unknown>;
  properties: Record<string, string>;
  templateVariables: Record<string, unknown>;
  contextVariables: Record<string, unknown>;
  markup: string;
  styles: string[];
  state: unknown;
  status: string;
  language: string;
  fontSize: string;
}

interface Instance {
  getResponse?(): unknown;
  getState?(): unknown;
  checkValidity?(): boolean;
  getCustomMessage?(): string;
  oncompleted?(): void;
  // of the first draft of the standard
  getSerializedState?(): unknown;
  setSerializedState?(state: unknown): void;
  setResponse?(response: unknown): void;
  destroy?(dom: HTMLElement): void;
}

interface Interaction extends Instance {
  typeIdentifier?: string;
  getTypeIdentifier?(): string;
  getInstance?(dom: HTMLElement, config: object, state: unknown): Instance | undefined;
  initialize?(id: string, dom: HTMLElement, config: object): void;
}

const PAUSE = 250;

(() => {
  const outside = window.parent;
  const tell = (message: object) => outside.postMessage(message, "*"); // nothing of it is secret
  const paths = JSON.parse(document.getElementById("paths")?.textContent ?? "{}") as Record<string, string[]>;
  const registered = new Map<string, Interaction>();
  const context = {
    register(one: Interaction): void {
      registered.set(one.typeIdentifier ?? one.getTypeIdentifier?.() ?? "", one);
    },
    notifyReady(): void {},
    notifyDone(): void {},
  };
  const loader = new Loader(paths, context);
  loader.install(window as unknown as Record<string, unknown>);

  const host = document.getElementById("host") as HTMLElement;
  let instance: Instance | null = null;
  let touched = false;
  let last = "";
  let timer = 0;

  const broken = (reason: unknown) => tell({ pci: "broken", why: String(reason).slice(0, 300) });

  function report(): void {
    timer = 0;
    if (!instance || !touched) return;
    try {
      const found = {
        response: instance.getResponse?.() ?? null,
        state: instance.getState?.() ?? instance.getSerializedState?.() ?? null,
        valid: instance.checkValidity?.() ?? true,
        message: instance.getCustomMessage?.() ?? "",
      };
      const text = JSON.stringify(found);
      if (text === last) return;
      last = text;
      tell({ pci: "response", ...JSON.parse(text) });
    } catch (error) {
      console.warn(error);
    }
  }

  function soon(): void {
    timer ||= window.setTimeout(report, PAUSE);
  }

  function height(): void {
    tell({ pci: "height", height: Math.ceil(document.documentElement.getBoundingClientRect().height) });
  }

  async function start(given: Start): Promise<void> {
    document.documentElement.lang = given.language || "ru";
    document.documentElement.style.fontSize = given.fontSize;
    for (const href of given.styles) loader.style(href);
    const inner = document.createElement("div");
    inner.className = "qti-interaction-markup";
    inner.innerHTML = given.markup;
    host.replaceChildren(inner);
    const exported = (await loader.get(given.module)) as Interaction | undefined;
    const found =
      registered.get(given.type) ??
      [...registered.values()].pop() ??
      (exported?.getInstance || exported?.initialize ? exported : undefined);
    if (!found) throw new Error("the module registers no interaction");
    const ready = (made: Instance) => {
      instance = made;
      tell({ pci: "ready" });
      height();
    };
    const config = {
      properties: given.properties,
      boundTo: given.bound,
      responseIdentifier: given.response,
      templateVariables: given.templateVariables,
      contextVariables: given.contextVariables,
      contentLanguage: given.language,
      status: given.status,
      onready: ready,
      ondone: () => {
        touched = true;
        report();
      },
    };
    if (found.getInstance) {
      const made = found.getInstance(host, config, given.state ?? undefined);
      if (made && !instance) ready(made);
    } else if (found.initialize) {
      const made = Object.create(found) as Interaction;
      made.initialize?.(given.response, host, given.properties);
      if (given.state != null) made.setSerializedState?.(given.state);
      else if (Object.values(given.bound)[0]) made.setResponse?.(Object.values(given.bound)[0]);
      ready(made);
    } else {
      throw new Error("the module has no getInstance");
    }
  }

  window.addEventListener("message", (event) => {
    if (event.source !== outside || typeof event.data !== "object" || !event.data) return;
    switch (event.data.pci) {
      case "start":
        start(event.data as Start).catch(broken);
        break;
      case "ping":
        tell({ pci: "pong" });
        break;
      case "end":
        report();
        instance?.oncompleted?.();
        instance?.destroy?.(host);
    }
  });
  for (const name of ["pointerdown", "pointerup", "keydown", "keyup", "input", "change", "click", "drop", "qti-interaction-changed"]) {
    document.addEventListener(name, () => { touched = true; soon(); }, true);
  }
  window.setInterval(soon, 1000); // changes that come of themselves: a timer, a simulation
  window.addEventListener("blur", report);
  new ResizeObserver(height).observe(document.documentElement);
  tell({ pci: "here" });
})();
