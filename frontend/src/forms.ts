// Filters that submit themselves, guards against double sending and lost input, file drop.

const dirty = new Set<HTMLFormElement>();
let bound = false;

export function enhance(root: ParentNode): void {
  root.querySelectorAll<HTMLFormElement>("form[data-autosubmit]").forEach((form) => {
    form.addEventListener("change", (event) => {
      if ((event.target as Element).matches("input[type=search]")) return;
      form.requestSubmit();
    });
    // Browsers that cannot hold the fold open by style alone
    const filters = form.querySelector<HTMLDetailsElement>("details.filters");
    if (filters && !CSS.supports("selector(::details-content)")) {
      filters.open = matchMedia("(min-width: 576px)").matches;
    }
  });
  root.querySelectorAll<HTMLElement>("[data-nojs]").forEach((button) => (button.hidden = true));

  root.querySelectorAll<HTMLFormElement>("form[data-warn-unsaved]").forEach((form) => {
    form.addEventListener("input", () => dirty.add(form));
    form.addEventListener("submit", () => dirty.delete(form));
  });

  root.querySelectorAll<HTMLElement>(".filedrop").forEach((drop) => {
    const input = drop.querySelector<HTMLInputElement>("input[type=file]");
    const name = drop.querySelector<HTMLElement>(".filedrop-name");
    if (!input || !name) return;
    const empty = name.textContent;
    input.addEventListener("change", () => {
      const files = Array.from(input.files ?? [], (file) => file.name);
      name.textContent = files.length ? files.join(", ") : empty;
    });
    for (const type of ["dragenter", "dragover"]) {
      drop.addEventListener(type, () => drop.classList.add("over"));
    }
    for (const type of ["dragleave", "drop"]) {
      drop.addEventListener(type, () => drop.classList.remove("over"));
    }
  });

  if (bound) return;
  bound = true;

  // One press sends once. The hidden `_key` of the form lets the server see a repeat as well.
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (event.defaultPrevented || form.method !== "post" || form.target) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    // After the browser has gathered the pressed button's own value
    window.setTimeout(() => {
      form.querySelectorAll<HTMLButtonElement>("button:not([type=button])").forEach((button) => {
        button.disabled = true;
      });
    });
  });
  document.addEventListener("htmx:afterRequest", (event) => release((event.target as Element).closest("form")));
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form").forEach(release);
  });

  window.addEventListener("beforeunload", (event) => {
    if ([...dirty].some((form) => form.isConnected)) event.preventDefault();
  });
}

function release(form: HTMLFormElement | null): void {
  if (!form?.dataset.sent) return;
  delete form.dataset.sent;
  form.querySelectorAll<HTMLButtonElement>("button").forEach((button) => (button.disabled = false));
}
