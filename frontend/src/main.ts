// Everything here only improves pages that already work without a script.
import htmx from "htmx.org/dist/htmx.esm.js";
import "./styles/main.scss";
import { enhance as dialogs } from "./dialogs";
import { notice } from "./early";
import { enhance as forms } from "./forms";
import { enhance as page } from "./page";
import { enhance as picker } from "./picker";
import { say } from "./say";
import { enhance as suggest } from "./suggest";
import { enhance as tables } from "./tables";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;
htmx.config.scrollBehavior = "auto";
htmx.config.historyCacheSize = 0; // nothing personal is left in the browser's storage

const csrf = (): string | undefined =>
  document.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]")?.value ??
  document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content;

document.documentElement.classList.add("js");

function enhance(root: ParentNode): void {
  page(root);
  forms(root);
  dialogs(root);
  tables(root);
  suggest(root);
  picker(root);
  if (document.documentElement.dataset.lv && matchMedia("(max-width: 575.98px)").matches) {
    void import("./hyphens").then((hyphens) => hyphens.enhance(root));
  }
  if (root.querySelector("[data-board]")) {
    void import("./board").then((board) => board.enhance());
  }
  if (root.querySelector("[data-interaction], [data-attempt]")) {
    notice(root);
    void Promise.all([import("./interactions"), import("./attempt")]).then((parts) => {
      parts.forEach((part) => part.enhance(root));
    });
  }
  if (root.querySelector("[data-portable]")) {
    void import("./portable/page").then((portable) => portable.enhance(root));
  }
  if (root.querySelector("[data-drawing]")) {
    void import("./drawing").then((drawing) => drawing.enhance(root));
  }
  if (root.querySelector("[data-filling]")) {
    void import("./filling").then((filling) => filling.enhance(root));
  }
  if (root.querySelector("[data-chart]")) {
    void import("./charts").then((charts) => charts.draw(root));
  }
}

document.addEventListener("htmx:configRequest", (event) => {
  const detail = (event as CustomEvent).detail;
  const token = csrf();
  if (detail.verb !== "get" && token) detail.headers["X-CSRFToken"] = token;
});
document.addEventListener("htmx:beforeRequest", () => document.body.classList.add("busy"));
document.addEventListener("htmx:afterRequest", () => document.body.classList.remove("busy"));
document.addEventListener("htmx:load", (event) => {
  const root = (event as CustomEvent).detail.elt as HTMLElement;
  if (root !== document.body) enhance(root);
});
// A refused or failed request still tells its reason: show the page the server sent
document.addEventListener("htmx:beforeSwap", (event) => {
  const detail = (event as CustomEvent).detail;
  if (detail.xhr.status === 422) detail.shouldSwap = true;
});

// A passkey that did not answer: the library only writes to the console
document.addEventListener("allauth.error", (event) => {
  const words = document.querySelector("[data-key-refused]")?.textContent?.trim();
  if (!words) return;
  event.preventDefault();
  say(words, "danger");
});

enhance(document);
