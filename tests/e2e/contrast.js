/*
 * Every visible text with less contrast than WCAG AA asks (4.5, large text and icons 3), as strings.
 * Backgrounds are composed from the ancestors' colours; on a radiograph the worst case, white, is taken.
 */
() => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((x, i) => x * a + under[i] * (1 - a));
  const luminance = (colour) => {
    const [r, g, b] = colour.map((x) => (x / 255 <= 0.04045 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parentOf = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host ?? null;
  const background = (element) => {
    const layers = [];
    for (let node = element; node; node = parentOf(node)) {
      const style = getComputedStyle(node);
      const picture = node.matches(".pane") || style.backgroundImage.includes("url(");
      if (picture) {
        layers.push([255, 255, 255, 1]);
        break;
      }
      const colour = rgba(style.backgroundColor);
      layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const opacity = (element) => {
    let all = 1;
    for (let node = element; node; node = parentOf(node)) all *= Number(getComputedStyle(node).opacity);
    return all;
  };
  const seen = (element, rects) =>
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
    rects.some((rect) => rect.width > 2 && rect.height > 2) &&
    !getComputedStyle(element).clipPath.startsWith("inset(50%") &&
    !element.closest(":disabled, [aria-disabled=true], option, title, style, script");

  const found = [];
  const visit = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.currentNode; node; node = walker.nextNode()) {
      if (node.shadowRoot) visit(node.shadowRoot);
      if (node.nodeType !== Node.TEXT_NODE || !node.textContent.trim()) continue;
      const element = node.parentElement;
      const range = document.createRange();
      range.selectNodeContents(node);
      if (!element || !seen(element, [...range.getClientRects()])) continue;
      const style = getComputedStyle(element);
      const under = background(element);
      const [r, g, b, a] = rgba(element instanceof SVGElement ? style.fill : style.color);
      const text = over([r, g, b, a * opacity(element)], under);
      const [light, dark] = [luminance(text), luminance(under)].sort((x, y) => y - x);
      const ratio = (light + 0.05) / (dark + 0.05);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      const icon = element.closest("[data-testid=stIconMaterial]");
      if (ratio < (large || icon ? 3 : 4.5)) {
        found.push(`${ratio.toFixed(2)}: ${node.textContent.trim().slice(0, 60)} (${element.className?.baseVal ?? element.className})`);
      }
    }
  };
  visit(document);
  return [...new Set(found)];
}
