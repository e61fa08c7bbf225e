// Modules as AMD has them (define, require, relative names, text! json! css!), from this
// interaction's own folder alone: the frame's policy lets nothing else through.

type Factory = unknown;

interface Defined {
  needs: string[] | null;
  factory: Factory;
  base: string;
  exports: Record<string, unknown>;
  value?: Promise<unknown>;
}

const REQUIRED = /\brequire\s*\(\s*["']([^"']+)["']\s*\)/g;

export class Loader {
  private named = new Map<string, Defined>();
  private anonymous = new Map<string, Defined>();
  private scripts = new Map<string, Promise<unknown>>();

  constructor(private paths: Record<string, string[]>, private context: object) {}

  install(world: Record<string, unknown>): void {
    world.qtiCustomInteractionContext = this.context;
    const define = (...given: unknown[]) => this.define(given);
    world.define = Object.assign(define, { amd: {} });
    const require = this.requirer(document.baseURI, new Map());
    world.require = world.requirejs = require;
  }

  style(href: string): void {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
    document.head.append(link);
  }

  get(id: string, base = document.baseURI, above: Defined[] = []): Promise<unknown> {
    return id ? this.found(id, base, above) : Promise.reject(new Error("no module is named"));
  }

  private define(given: unknown[]): void {
    const name = typeof given[0] === "string" && given.length > 1 ? (given.shift() as string) : "";
    const needs = Array.isArray(given[0]) ? (given.shift() as string[]) : null;
    const script = document.currentScript as HTMLScriptElement | null;
    const base = script?.src ?? document.baseURI;
    const made: Defined = { needs, factory: given[0], base, exports: {} };
    if (name) this.named.set(name, made);
    if (!name || !this.anonymous.has(base)) this.anonymous.set(base, made);
  }

  private requirer(base: string, have: Map<string, unknown>) {
    const require = (ids: string | string[], then?: (...found: unknown[]) => void, failed?: (why: unknown) => void) => {
      if (typeof ids === "string") {
        if (!have.has(ids)) throw new Error(`${ids} is not loaded yet`);
        return have.get(ids);
      }
      void Promise.all(ids.map((id) => this.get(id, base))).then(
        (found) => then?.(...found),
        (why) => (failed ? failed(why) : console.warn(why)),
      );
      return undefined;
    };
    return Object.assign(require, {
      toUrl: (path: string) => new URL(path, path.startsWith(".") ? base : document.baseURI).href,
      config: (asked: { paths?: Record<string, string | string[]> }) => {
        for (const [id, path] of Object.entries(asked?.paths ?? {})) this.paths[id] ??= [path].flat();
      },
      specified: (id: string) => this.named.has(id) || id in this.paths,
      defined: (id: string) => this.named.has(id),
    });
  }

  private async found(id: string, base: string, above: Defined[]): Promise<unknown> {
    if (id === "qtiCustomInteractionContext") return this.context;
    const plugin = /^(?:[\w./-]*\/)?(text|json|css)!(.+)$/.exec(id);
    if (plugin) return this.other(plugin[1], plugin[2], base);
    const named = this.named.get(id);
    if (named) return this.run(named, above);
    let reason: unknown = new Error(`there is no module ${id}`);
    for (const address of this.addresses(id, base)) {
      try {
        await this.script(address);
        const made = this.named.get(id) ?? this.anonymous.get(address);
        return made ? await this.run(made, above) : undefined;
      } catch (error) {
        reason = error;
      }
    }
    throw reason;
  }

  private async other(kind: string, path: string, base: string): Promise<unknown> {
    const asked = kind === "css" && !path.endsWith(".css") ? `${path}.css` : path;
    const address = this.addresses(asked, base, "")[0];
    if (kind === "css") return this.style(address);
    // the policy forbids to fetch: the file comes as a module
    const wrapped = `${address}?as=text`;
    await this.script(wrapped);
    const text = String(await this.run(this.anonymous.get(wrapped) as Defined, []));
    return kind === "json" ? JSON.parse(text) : text;
  }

  private addresses(id: string, base: string, ending = ".js"): string[] {
    const whole = (path: string, from: string) => {
      const named = ending && !/\.js(\?|$)/.test(path) ? path + ending : path;
      return new URL(named, from).href;
    };
    if (/^\.{1,2}\//.test(id)) return [whole(id, base), whole(id, document.baseURI)];
    const parts = id.split("/");
    for (let n = parts.length; n > 0; n -= 1) {
      const known = this.paths[parts.slice(0, n).join("/")];
      const rest = parts.slice(n).map((part) => `/${part}`).join("");
      if (known) return known.map((path) => whole((rest ? path.replace(/\.js$/, "") : path) + rest, document.baseURI));
    }
    return [...new Set([whole(id, document.baseURI), whole(id, base)])];
  }

  private script(address: string): Promise<unknown> {
    const there = this.scripts.get(address);
    if (there) return there;
    const made = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${address} cannot be loaded`));
      document.head.append(script);
    });
    this.scripts.set(address, made);
    return made;
  }

  /** The module's value, made once; in a circle the one that is being made gives its exports. */
  private run(made: Defined, above: Defined[]): Promise<unknown> {
    if (above.includes(made)) return Promise.resolve(made.exports);
    made.value ??= this.made(made, [...above, made]);
    return made.value;
  }

  private async made(made: Defined, above: Defined[]): Promise<unknown> {
    if (typeof made.factory !== "function") return made.factory;
    const inside = [...made.factory.toString().matchAll(REQUIRED)].map((found) => found[1]);
    const asked = made.needs ?? ["require", "exports", "module"];
    const have = new Map<string, unknown>();
    const module = { exports: made.exports as unknown, id: made.base, uri: made.base };
    const own: Record<string, unknown> = { require: this.requirer(made.base, have), exports: made.exports, module };
    const fetched = async (id: string) => have.set(id, await this.get(id, made.base, above));
    await Promise.all([...asked, ...(made.needs ? [] : inside)].filter((id) => !(id in own)).map(fetched));
    const value = (made.factory as (...given: unknown[]) => unknown)(
      ...asked.map((id) => (id in own ? own[id] : have.get(id))),
    );
    return value === undefined ? module.exports : value;
  }
}
