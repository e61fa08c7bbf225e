// A row goes where its main link goes; cells of card tables learn their column's name.

export function enhance(root: ParentNode): void {
  root.querySelectorAll<HTMLTableElement>("table.table-cards").forEach((table) => {
    const heads = Array.from(table.tHead?.rows[0]?.cells ?? [], (cell) => cell.innerText.trim());
    for (const body of Array.from(table.tBodies)) {
      for (const row of Array.from(body.rows)) {
        Array.from(row.cells).forEach((cell, index) => {
          cell.dataset.label ??= heads[index] ?? "";
        });
      }
    }
  });

  root.querySelectorAll<HTMLTableRowElement>("tr[data-href]").forEach((row) => {
    row.addEventListener("click", (event) => {
      if ((event.target as Element).closest("a, button, input, label, select, summary")) return;
      if (window.getSelection()?.toString()) return;
      const href = row.dataset.href!;
      if (event.ctrlKey || event.metaKey) window.open(href, "_blank", "noopener");
      else location.assign(href);
    });
  });

  root.querySelectorAll<HTMLInputElement>("input[data-check-all]").forEach((all) => {
    all.addEventListener("change", () => {
      all.closest("table")?.querySelectorAll<HTMLInputElement>("tbody input[type=checkbox]")
        .forEach((box) => (box.checked = all.checked));
    });
  });
}
