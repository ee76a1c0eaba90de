// One SVG file with the icons that the templates use, each under its Bootstrap Icons name.
import { readFileSync } from "node:fs";

const USED = [
  "arrow-counterclockwise", "arrow-repeat", "arrow-right", "box-arrow-up-right", "bullseye", "check-circle", "circle-half",
  "cloud-upload", "diagram-3", "download", "exclamation-triangle", "file-earmark-text", "inbox", "pencil-square", "plus-lg", "search",
  "stop-circle", "x-circle",
];

const symbols = USED.map((name) => {
  const svg = readFileSync(`node_modules/bootstrap-icons/icons/${name}.svg`, "utf8");
  const inner = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").replace(/\s*\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 16 16">${inner}</symbol>`;
});
process.stdout.write(`<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
