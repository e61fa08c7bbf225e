// Arrow keys lead from a search box into its suggestions and back; Escape closes them.
// An answer that comes late changes nothing under who has gone on into them or closed them.

export function enhance(root: ParentNode): void {
  root.querySelectorAll<HTMLFormElement>("[data-suggest]").forEach((form) => {
    const input = form.querySelector("input");
    const list = form.querySelector<HTMLElement>(".suggestions");
    if (!input || !list) return;
    let wanted = true;
    const close = (): void => {
      wanted = false;
      list.replaceChildren();
    };

    input.addEventListener("input", () => (wanted = true));
    form.addEventListener("htmx:beforeSwap", (event) => {
      if (!wanted || document.activeElement !== input) event.preventDefault();
    });

    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && list.childElementCount) {
        event.preventDefault();
        close();
        input.focus();
      }
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      const links = [...list.querySelectorAll("a")];
      if (!links.length) return;
      event.preventDefault();
      const now = links.indexOf(document.activeElement as HTMLAnchorElement);
      const next = now + (event.key === "ArrowDown" ? 1 : -1);
      if (next < 0) input.focus();
      else links[Math.min(next, links.length - 1)]?.focus();
    });
    form.addEventListener("focusout", (event) => {
      if (form.contains(event.relatedTarget as Node | null)) return;
      window.setTimeout(() => {
        if (!form.contains(document.activeElement)) close();
      }, 150);
    });
    form.addEventListener("submit", close);
  });
}
