// Menus, navigation drawer, toasts, copy buttons.
import { say } from "./say";

const each = (root: ParentNode, selector: string, run: (element: HTMLElement) => void): void =>
  root.querySelectorAll<HTMLElement>(selector).forEach(run);

let bound = false;

export function enhance(root: ParentNode): void {
  each(root, "[data-copy]", (button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      void navigator.clipboard.writeText(button.dataset.copy ?? "").then(() => {
        say(button.dataset.copied ?? "");
      });
    });
  });
  each(root, "[data-toast]", (toast) => {
    if (toast.dataset.toast !== "stay") window.setTimeout(() => toast.remove(), 9000);
  });
  each(root, "[data-print]", (button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
  if (bound) return;
  bound = true;

  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    target.closest<HTMLElement>("[data-close]")?.closest("[data-closable]")?.remove();
    document.querySelectorAll<HTMLDetailsElement>("details.menu[open], details.definition[open]")
      .forEach((menu) => {
        if (!menu.contains(target)) menu.open = false;
      });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector<HTMLDetailsElement>("details.menu[open], details.definition[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    } else if (document.querySelector("nav:target")) {
      closeDrawer();
    }
  });

  // An explanation that would leave the screen opens to the other side
  document.addEventListener(
    "toggle",
    (event) => {
      const box = (event.target as Element).querySelector(":scope > .definition-box");
      if (!box) return;
      box.parentElement!.classList.remove("flip");
      if (box.getBoundingClientRect().right > innerWidth - 8) box.parentElement!.classList.add("flip");
    },
    true,
  );

  // The drawer is a :target; tell assistive technology and keep focus with it
  window.addEventListener("hashchange", syncDrawer);
  syncDrawer();
}

function syncDrawer(): void {
  document.querySelectorAll<HTMLAnchorElement>("a[data-drawer]").forEach((opener) => {
    const drawer = document.querySelector(opener.hash);
    const open = location.hash === opener.hash;
    opener.setAttribute("aria-expanded", String(open));
    if (open) drawer?.querySelector<HTMLElement>("a, button")?.focus();
  });
  showWhereWeAre();
}

// In a long list of pages the present one may lie below the edge.
function showWhereWeAre(): void {
  const list = document.querySelector<HTMLElement>(".sidebar");
  const here = list?.querySelector("[aria-current=page]")?.getBoundingClientRect();
  if (!list || !here) return;
  const frame = list.getBoundingClientRect();
  if (here.top >= frame.top && here.bottom <= frame.bottom) return;
  list.scrollTop += here.top - frame.top - frame.height / 2;
}

function closeDrawer(): void {
  const hash = location.hash;
  location.hash = "#main";
  document.querySelector<HTMLElement>(`a[data-drawer][href="${CSS.escape(hash)}"]`)?.focus();
}
