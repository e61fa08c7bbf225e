import { readFileSync } from "node:fs";

// One sprite of only the icons named in src/icons.txt; `{% icon "name" %}` refers to them.
export function icons() {
  return {
    name: "sreda-icons",
    buildStart() {
      const sprite = readFileSync("node_modules/@tabler/icons-sprite/dist/tabler-sprite.svg", "utf8");
      const names = readFileSync("src/icons.txt", "utf8").split(/\s+/).filter(Boolean);
      const symbols = names.map((name) => {
        const found = sprite.match(new RegExp(`<symbol id="tabler-${name}" [^]*?</symbol>`));
        if (!found) throw new Error(`src/icons.txt: Tabler has no icon "${name}"`);
        return found[0]
          .replace(`id="tabler-${name}"`, `id="${name}"`)
          .replace('stroke-width="2"', "")
          .replace(/<path stroke="none"[^>]*\/>/, "");
      });
      this.emitFile({
        type: "asset",
        name: "icons.svg",
        originalFileName: "icons.svg",
        source: `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`,
      });
    },
  };
}
