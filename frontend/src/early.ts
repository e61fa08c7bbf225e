// What is answered while the script of the page is still on its way: marked, so that it is kept
// once that is there. Loaded with every page, hence so short.

export function notice(root: ParentNode): void {
  root.querySelectorAll<HTMLFormElement>("form[data-attempt]").forEach((form) => {
    const mark = (field: Element) => field.closest<HTMLElement>("[data-item]")?.setAttribute("data-touched", "");
    form.querySelectorAll("input, textarea, select").forEach((field) => differs(field) && mark(field));
    for (const kind of ["input", "change"]) form.addEventListener(kind, (event) => mark(event.target as Element));
  });
}

/** Whether a field holds something else than the page was sent with. */
function differs(field: Element): boolean {
  if (field instanceof HTMLTextAreaElement) return field.value !== field.defaultValue;
  if (field instanceof HTMLSelectElement) {
    const sent = [...field.options].filter((option) => option.defaultSelected);
    if (!sent.length && !field.multiple) return field.selectedIndex > 0;
    return [...field.options].some((option) => option.selected !== option.defaultSelected);
  }
  if (!(field instanceof HTMLInputElement)) return false;
  if (["radio", "checkbox"].includes(field.type)) return field.checked !== field.defaultChecked;
  return ["text", "number"].includes(field.type) && field.value !== field.defaultValue;
}
