import { defineConfig } from "vite";
import { icons } from "./icons.js";

// Names carry a content hash, so the server may cache them for ever; the `bundle` tag finds
// them through manifest.json.
export default defineConfig({
  base: "./",
  plugins: [icons()],
  build: {
    outDir: "../src/sreda/ui/static/ui",
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsInlineLimit: 0, // no data: addresses, the content policy forbids them
    modulePreload: { polyfill: false },
    target: ["chrome109", "firefox115", "safari15.4"],
    cssTarget: ["chrome109", "firefox115", "safari15.4"],
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
    rollupOptions: {
      input: { main: "src/main.ts", frame: "src/portable/frame.ts" },
      // the frame's is no module (an opaque origin may load none): its names must not be global
      output: {
        banner: (chunk) => (chunk.name === "frame" ? "{" : ""),
        footer: (chunk) => (chunk.name === "frame" ? "}" : ""),
      },
    },
  },
});
