/* Toolbar, evidence controls, legend and help, built from the table of actions. */

const ICON_PATHS = {
  window: '<circle cx="8" cy="8" r="5.5"/><path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor"/>',
  pan: '<path d="M8 1.5v13M1.5 8h13M8 1.5 6 3.5m2-2 2 2M8 14.5l-2-2m2 2 2-2M1.5 8l2-2m-2 2 2 2M14.5 8l-2-2m2 2-2 2"/>',
  "zoom-out": '<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 4 4M5 7h4"/>',
  "zoom-in": '<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 4 4M5 7h4M7 5v4"/>',
  invert: '<rect x="2" y="2" width="12" height="12" rx="1.5"/><path d="M2 14 14 2v10.5a1.5 1.5 0 0 1-1.500 1.500z" fill="currentColor"/>',
  rotate: '<path d="M13 8.500a5 5 0 1 1-1.500-4M13.500 1.500v3.500H10"/>',
  mirror: '<path d="M8 1.500v13" stroke-dasharray="2 1.500"/><path d="M6 4 1.500 12H6zM10 4l4.500 8H10z"/>',
  reset: '<path d="M3 8.500a5 5 0 1 0 1.500-4M2.500 1.500v3.500H6"/><circle cx="8" cy="8.300" r="1" fill="currentColor"/>',
  full: '<path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4"/>',
};

function element(tag, className, parent) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (parent) parent.append(made);
  return made;
}

function icon(id) {
  return `<svg viewBox="0 0 16 16" aria-hidden="true">${ICON_PATHS[id]}</svg>`;
}

/** One button for an action; its state is kept by `refreshButtons`. */
function actionButton(viewer, action, parent) {
  const button = element("button", "tool", parent);
  button.type = "button";
  button.dataset.action = action.id;
  button.setAttribute("aria-label", action.label);
  button.setAttribute("aria-keyshortcuts", action.key);
  const hint = action.hint ? `: ${action.hint}` : "";
  button.title = `${action.label}${hint} (${action.key.toUpperCase()})`;
  if (ICON_PATHS[action.id]) button.innerHTML = icon(action.id);
  else button.textContent = action.text;
  button.addEventListener("click", () => viewer.perform(action.id));
  return button;
}

/** @returns {HTMLElement} the toolbar above the image */
function buildToolbar(viewer, parent) {
  const bar = element("div", "toolbar", parent);
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Image tools");
  for (const name of ["tool", "zoom", "turn", "show", "end"]) {
    const group = element("div", `group ${name}`, bar);
    const mine = ACTIONS.filter((action) => action.group === name);
    mine.forEach((action) => actionButton(viewer, action, group));
  }
  return bar;
}

/** Bring every button in line with what is on and what makes sense. */
function refreshButtons(viewer) {
  for (const action of ACTIONS) {
    const button = viewer.root.querySelector(`[data-action="${action.id}"]`);
    if (!button) continue;
    button.hidden = Boolean(action.offered && !action.offered(viewer));
    if (action.state) button.setAttribute("aria-pressed", String(Boolean(action.state(viewer))));
  }
}

/** Finding, network, opacity, contours and legend, below the image. */
function buildEvidenceBar(viewer, parent) {
  const bar = element("div", "evidence-bar", parent);
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Evidence");
  const [toggle, contours] = ACTIONS.filter((action) => action.where === "evidence");
  const controls = element("div", "group wrap", bar);
  actionButton(viewer, toggle, controls);
  const findings = element("div", "group findings", controls);
  findings.setAttribute("role", "group");
  findings.setAttribute("aria-label", "Finding");
  const member = element("select", "member", controls);
  member.setAttribute("aria-label", "Network whose evidence is shown");
  member.title = "Network whose evidence is shown (, and .)";
  member.addEventListener("change", () => viewer.set({ member: member.value }));
  const opacity = element("input", "opacity", controls);
  Object.assign(opacity, { type: "range", min: 0, max: 100, step: 5 });
  opacity.title = "Opacity of the evidence ([ and ])";
  opacity.setAttribute("aria-label", "Opacity of the evidence");
  opacity.addEventListener("input", () => viewer.set({ opacity: opacity.value / 100 }));
  actionButton(viewer, contours, controls);
  return { bar, findings, member, opacity, legend: element("div", "legend", bar) };
}

/** Fill finding buttons, the list of networks and the legend for what is chosen. */
function refreshEvidenceBar(viewer, parts) {
  parts.bar.hidden = !viewer.hasEvidence();
  if (parts.bar.hidden) return;
  refreshFindings(viewer, parts.findings);
  const names = viewer.members();
  const listed = [...parts.member.options].map((option) => option.value).join("|");
  if (listed !== names.join("|")) {
    const shown = (name) => (name === "consensus" ? "Consensus" : name);
    parts.member.replaceChildren(...names.map((name) => new Option(shown(name), name)));
  }
  parts.member.value = viewer.settings.member;
  parts.member.disabled = names.length < 2;
  parts.opacity.value = Math.round(100 * viewer.settings.opacity);
  parts.opacity.setAttribute("aria-valuetext", `${parts.opacity.value} percent`);
  const layer = viewer.anyLayer();
  if (layer && layer !== parts.shown) drawLegend(parts.legend, layer, viewer.scheme);
  parts.shown = layer;
  parts.bar.classList.toggle("off", !viewer.settings.evidence);
}

function refreshFindings(viewer, group) {
  const keys = viewer.findings.map((finding) => finding.key).join("|");
  if (group.dataset.keys !== keys) {
    group.dataset.keys = keys;
    group.replaceChildren();
    for (const finding of viewer.findings) {
      const button = element("button", "tool finding", group);
      button.type = "button";
      button.dataset.finding = finding.key;
      button.title = `Evidence for ${finding.name}${viewer.findings.length > 1 ? " (G: next)" : ""}`;
      button.setAttribute("aria-label", `Evidence for ${finding.name}`);
      element("span", "dot", button).style.background = finding.colour;
      button.append(finding.short);
      button.addEventListener("click", () => viewer.set({ finding: finding.key }));
    }
  }
  for (const button of group.children) {
    button.setAttribute("aria-pressed", String(button.dataset.finding === viewer.settings.finding));
  }
}
