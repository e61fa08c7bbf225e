/**
 * Hyphens for long Russian words in the version for low vision, where the browser has none of its
 * own: many know no Russian, and large letters on a phone would be cut anywhere.
 */
const VOWEL = "аеёиоуыэюя";
const OTHER = "бвгджзклмнпрстфхцчшщ";
const LETTER = `${VOWEL}${OTHER}йьъ`;
const SHY = "\u00ad";
// Where Russian words may be parted, first to last: after й, ь, ъ; between vowels; between syllables.
const RULES = [
  [`[йьъ]`, `[${LETTER}]{2}`],
  [`[${VOWEL}]`, `[${VOWEL}][${LETTER}]`],
  [`[${VOWEL}][${OTHER}]`, `[${OTHER}][${VOWEL}]`],
  [`[${OTHER}][${VOWEL}]`, `[${OTHER}][${VOWEL}]`],
  [`[${VOWEL}][${OTHER}]`, `[${OTHER}]{2}[${VOWEL}]`],
  [`[${VOWEL}][${OTHER}]{2}`, `[${OTHER}]{2}[${VOWEL}]`],
].map(([before, after]) => new RegExp(`(${before})(?=${after})`, "giu"));
const LONG = new RegExp(`[${LETTER}]{7,}`, "giu");
const LEFT_ALONE = "script, style, textarea, code, pre, svg, [contenteditable], [translate=no]";

export function parted(word: string): string {
  const text = RULES.reduce((so, rule) => so.replace(rule, `$1${SHY}`), word);
  // never a single letter alone on a line, nor a line that begins with й, ь or ъ
  return text.replace(/^(.)\u00ad/u, "$1").replace(/\u00ad(?=.$|[йьъ])/giu, "");
}

/** Does the browser part a long Russian word by itself? */
function knowsRussian(): boolean {
  const probe = document.createElement("span");
  probe.lang = "ru";
  probe.className = "hyphens-probe";
  probe.textContent = "общеобразовательная";
  document.body.append(probe);
  const fits = probe.scrollWidth <= probe.clientWidth + 1;
  probe.remove();
  return fits;
}

let own: boolean | undefined;

export function enhance(root: ParentNode): void {
  own ??= knowsRussian();
  if (own) return;
  const top = root instanceof Document ? root.body : (root as Element);
  const walk = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
  const found: Text[] = [];
  while (walk.nextNode()) {
    const node = walk.currentNode as Text;
    if (node.data.search(LONG) >= 0 && !node.parentElement?.closest(LEFT_ALONE)) found.push(node);
  }
  for (const cell of root.querySelectorAll<HTMLElement>("[data-label]")) {
    cell.dataset.label = cell.dataset.label?.replace(LONG, parted);
  }
  for (const node of found) {
    const text = node.data.replace(LONG, parted);
    if (text !== node.data) node.data = text;
  }
}
