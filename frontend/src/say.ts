/** A short message in the corner, read out by screen readers. */
export function say(text: string, tone: "success" | "danger" = "success"): void {
  const corner = document.querySelector(".toasts");
  if (!corner || !text) return;
  const toast = document.createElement("div");
  toast.className = `alert alert-${tone}`;
  toast.setAttribute("role", tone === "danger" ? "alert" : "status");
  toast.textContent = text;
  corner.append(toast);
  window.setTimeout(() => toast.remove(), tone === "danger" ? 9000 : 4000);
}
