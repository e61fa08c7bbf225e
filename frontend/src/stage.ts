// Numbers, points and handles on a picture stay as large as the text beside it, however small the
// picture is shown: styles multiply them by --unit, a pixel of the screen in those of the picture.

export function measure(svg: SVGSVGElement): void {
  const { width } = svg.getBoundingClientRect();
  if (width) svg.style.setProperty("--unit", String(svg.viewBox.baseVal.width / width));
}

export function keepMeasured(svg: SVGSVGElement): void {
  new ResizeObserver(() => measure(svg)).observe(svg);
}
