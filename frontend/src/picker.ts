// A field that suggests while one types: the combobox of the ARIA practices, with a list of its
// own. The words are sent with the form too, so a broken search loses nothing.

interface Row {
  key: string;
  label: string;
  note: string;
}

let count = 0;

export function enhance(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>("[data-picker]").forEach((box) => {
    if (!box.dataset.ready) build(box);
  });
}

function build(box: HTMLElement): void {
  const input = box.querySelector<HTMLInputElement>("input[type=text]");
  if (!input) return;
  box.dataset.ready = "1";
  const name = box.dataset.name!;
  const id = `picker-${++count}`;

  const list = document.createElement("ul");
  list.className = "picker-list";
  list.id = id;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.labels?.[0]?.textContent?.trim() ?? "");
  const status = document.createElement("p");
  status.className = "form-hint picker-status";
  status.setAttribute("role", "status");
  input.after(list, status);

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", id);
  input.setAttribute("aria-expanded", "false");

  let rows: Row[] = [];
  let active = -1;
  let timer = 0;
  let asked: AbortController | undefined;

  const chosen = (): HTMLInputElement => {
    let hidden = box.querySelector<HTMLInputElement>(`input[type=hidden][name="${CSS.escape(name)}"]`);
    if (!hidden) {
      box.querySelector(".picker-found")?.remove();
      hidden = document.createElement("input");
      hidden.type = "hidden";
      hidden.name = name;
      box.append(hidden);
    }
    return hidden;
  };

  const mark = (index: number): void => {
    active = index;
    list.querySelectorAll("[role=option]").forEach((item, at) => {
      item.setAttribute("aria-selected", String(at === index));
      if (at === index) item.scrollIntoView({ block: "nearest" });
    });
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `${id}-${index}`);
  };

  const close = (): void => {
    window.clearTimeout(timer);
    asked?.abort();
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    mark(-1);
  };

  const choose = (index: number): void => {
    const row = rows[index];
    if (!row) return;
    input.value = row.label;
    const hidden = chosen();
    hidden.value = row.key;
    status.textContent = row.note;
    close();
    hidden.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const show = (found: Row[], more: boolean): void => {
    rows = found;
    list.replaceChildren(
      ...found.map((row, index) => {
        const item = document.createElement("li");
        item.id = `${id}-${index}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.textContent = row.label;
        if (row.note) {
          const note = document.createElement("span");
          note.className = "text-muted";
          note.textContent = row.note;
          item.append(" ", note);
        }
        item.addEventListener("pointerdown", (event) => event.preventDefault());
        item.addEventListener("click", () => choose(index));
        return item;
      }),
    );
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    mark(-1);
    status.textContent = found.length
      ? `${box.dataset.found}: ${found.length}${more ? `. ${box.dataset.more}` : ""}`
      : (box.dataset.none ?? "");
  };

  const ask = async (): Promise<void> => {
    asked?.abort();
    asked = new AbortController();
    const url = new URL(box.dataset.picker!, location.href);
    url.searchParams.set("q", input.value.trim());
    try {
      const answer = await fetch(url, { signal: asked.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const said = (await answer.json()) as { found: Row[]; more: boolean };
      show(said.found, said.more);
    } catch (error) {
      if ((error as Error).name !== "AbortError") status.textContent = box.dataset.failed ?? "";
    }
  };

  input.addEventListener("input", () => {
    window.clearTimeout(timer);
    chosen().value = "";
    status.textContent = "";
    if (input.value.trim().length < 2) close();
    else timer = window.setTimeout(() => void ask(), 200);
  });
  input.addEventListener("keydown", (event) => {
    const open = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) {
        if (input.value.trim().length > 1) void ask();
        return;
      }
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark(active < 0 && step < 0 ? rows.length - 1 : (active + step + rows.length) % rows.length);
    } else if (event.key === "Enter" && open && active >= 0) {
      event.preventDefault();
      choose(active);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Tab" && open && active >= 0) {
      choose(active);
    }
  });
  input.addEventListener("blur", close);
}
