// Cards dragged between columns, by mouse, pen or finger (by its handle, so that the page still
// scrolls), or moved by their menu, as the keyboard does. Both send the card's own form; the server
// says whether the card may move. A card it refuses stays, and a dialog says why and asks for what
// is missing.
import { say } from "./say";

const SLACK = 6; // pixels before a press becomes a drag
const EDGE = 90; // this near the edge of the window the page scrolls

interface Drag {
  card: HTMLElement;
  pointer: number;
  x: number;
  y: number;
  scrolled: number;
  moving: boolean;
  over: HTMLElement | null;
  last: { x: number; y: number };
}

type Errors = Record<string, string[]>;

let drag: Drag | null = null;
let bound = false;

const board = (): HTMLElement | null => document.querySelector<HTMLElement>("[data-board]");
const columnAt = (x: number, y: number): HTMLElement | null =>
  document.elementFromPoint(x, y)?.closest<HTMLElement>("[data-column]") ?? null;

export function enhance(): void {
  board()?.classList.add("is-live"); // what only the script can do is shown from now on
  if (bound) return;
  bound = true;
  document.addEventListener("pointerdown", press);
  document.addEventListener("pointermove", move);
  document.addEventListener("pointerup", (event) => drop(event, true));
  document.addEventListener("pointercancel", (event) => drop(event, false));
  document.addEventListener("submit", chosen, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag?.moving) {
      event.preventDefault();
      putBack();
    }
  });
  // The browser's own dragging of links and pictures would take the pointer away
  document.addEventListener("dragstart", (event) => {
    if ((event.target as Element).closest?.("[data-card]")) event.preventDefault();
  });
  const dialog = moveDialog();
  dialog?.querySelector("form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    const form = event.target as HTMLFormElement;
    void send(form, form.dataset.label ?? "");
  });
  dialog?.querySelector("[data-cancel]")?.addEventListener("click", () => dialog.close());
}

function press(event: PointerEvent): void {
  const target = event.target as Element;
  const card = target.closest<HTMLElement>("[data-card]");
  if (!card || !event.isPrimary || event.button !== 0 || drag) return;
  const handle = target.closest("[data-handle]");
  if (!handle && event.pointerType === "touch") return;
  if (!handle && target.closest("select, button, input, label, option, a")) return;
  const at = { x: event.clientX, y: event.clientY };
  drag = { card, pointer: event.pointerId, ...at, scrolled: scrollY, moving: false, over: null, last: at };
}

function move(event: PointerEvent): void {
  if (!drag || event.pointerId !== drag.pointer) return;
  drag.last = { x: event.clientX, y: event.clientY };
  if (!drag.moving) {
    if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < SLACK) return;
    drag.moving = true;
    drag.card.classList.add("dragged");
    drag.card.setPointerCapture(drag.pointer);
    getSelection()?.removeAllRanges();
    requestAnimationFrame(follow);
  }
  event.preventDefault();
  place();
}

function place(): void {
  if (!drag) return;
  const { card, x, y, last, scrolled } = drag;
  card.style.transform = `translate(${last.x - x}px, ${last.y - y + scrollY - scrolled}px)`;
  const over = columnAt(last.x, last.y);
  if (over === drag.over) return;
  drag.over?.classList.remove("over");
  over?.classList.add("over");
  drag.over = over;
}

function follow(): void {
  if (!drag?.moving) return;
  const { y } = drag.last;
  const step = y < EDGE ? y - EDGE : y > innerHeight - EDGE ? y - innerHeight + EDGE : 0;
  if (step) {
    window.scrollBy(0, step / 4);
    place();
  }
  requestAnimationFrame(follow);
}

function putBack(): Drag | null {
  const was = drag;
  drag = null;
  was?.card.classList.remove("dragged");
  was?.over?.classList.remove("over");
  if (was) was.card.style.transform = "";
  return was;
}

function drop(event: PointerEvent, meant: boolean): void {
  if (!drag || event.pointerId !== drag.pointer) return;
  const was = putBack();
  if (!was?.moving || !was.over || !meant) return;
  // A press that dragged is not a click on what lies under it
  window.addEventListener("click", swallow, { capture: true, once: true });
  window.setTimeout(() => window.removeEventListener("click", swallow, true));
  const form = was.card.querySelector("form");
  const select = form?.querySelector<HTMLSelectElement>("select[name=status]");
  const status = was.over.dataset.column!;
  if (!form || !select || was.card.closest("[data-column]") === was.over) return;
  select.value = status;
  shift(was.card, form, was.over.dataset.label ?? "");
}

function chosen(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  const card = form.closest<HTMLElement>("[data-card]");
  const select = form.querySelector<HTMLSelectElement>("select[name=status]");
  if (!card || !select || !board()) return;
  swallow(event);
  shift(card, form, select.selectedOptions[0]?.label ?? "");
}

/** The form says where to; until the server agrees, its menu says where the card is. */
function shift(card: HTMLElement, form: HTMLFormElement, column: string): void {
  if (card.classList.contains("busy")) return;
  const data = new FormData(form);
  form.reset();
  card.classList.add("busy");
  void send(form, column, data).finally(() => card.classList.remove("busy"));
}

function swallow(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}

async function send(form: HTMLFormElement, column: string, data = new FormData(form)): Promise<void> {
  const url = form.action;
  const where = board();
  try {
    const answer = await fetch(url, { method: "POST", body: data, headers: { Accept: "application/json" } });
    if (answer.status === 422) {
      const { errors } = (await answer.json()) as { errors: Errors };
      if (Object.keys(errors).some((name) => name !== "__all__")) ask(url, data, column, errors);
      else {
        // Nothing that could be filled in: somebody else moved it, or it is gone
        moveDialog()?.close();
        await renew(url);
        say(Object.values(errors).flat().join(" "), "danger");
      }
      return;
    }
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const { said } = (await answer.json()) as { said: string };
    moveDialog()?.close();
    await renew(url);
    say(said);
  } catch {
    moveDialog()?.close();
    say(where?.dataset.failed ?? "", "danger");
  }
}

/** Everything of the board may have changed with one card: it is fetched whole. */
async function renew(moved: string): Promise<void> {
  const page = await fetch(location.href, { headers: { Accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html").querySelector("[data-board]");
  const old = board();
  if (!page.ok || !fresh || !old) {
    location.reload();
    return;
  }
  old.replaceChildren(...fresh.childNodes);
  const path = new URL(moved).pathname;
  old.querySelector(`form[action="${CSS.escape(path)}"]`)?.closest("[data-card]")
    ?.querySelector<HTMLElement>("h3 a")?.focus({ preventScroll: true });
}

const moveDialog = (): HTMLDialogElement | null => document.getElementById("move") as HTMLDialogElement | null;

function ask(url: string, data: FormData, column: string, errors: Errors): void {
  const dialog = moveDialog();
  const form = dialog?.querySelector("form");
  if (!dialog || !form) return;
  const again = dialog.open;
  form.action = url;
  form.dataset.label = column;
  for (const name of ["edition", "status"]) {
    form.querySelector<HTMLInputElement>(`input[name=${name}]`)!.value = String(data.get(name) ?? "");
  }
  const done = data.get("status") === "done";
  for (const box of form.querySelectorAll<HTMLElement>("[data-field]")) {
    box.hidden = !done && box.dataset.field !== "reason";
    const input = box.querySelector<HTMLInputElement | HTMLTextAreaElement>("input, textarea");
    if (!input || again) continue;
    input.value = input.type === "checkbox" ? input.value : "";
    if (input instanceof HTMLInputElement) input.checked = false;
  }
  const card = document.querySelector(`[data-card] form[action="${CSS.escape(new URL(url).pathname)}"]`);
  const link = card?.closest("[data-card]")?.querySelector<HTMLAnchorElement>("h3 a");
  dialog.querySelector<HTMLElement>("[data-what]")!.textContent = `${link?.textContent ?? ""} → ${column}`;
  dialog.querySelector<HTMLAnchorElement>("[data-page]")!.href = link?.href ?? "#";
  dialog.querySelector("[data-why]")!.replaceChildren(
    ...Object.values(errors).flat().map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }),
  );
  if (!again) dialog.showModal();
  const wanted = errors.reason ? "[data-field=reason] textarea" : "[data-field]:not([hidden]) :is(input, textarea)";
  form.querySelector<HTMLElement>(wanted)?.focus();
}
