/** A short message in the corner, read out by screen readers. */
export function say(text: string): void {
  const corner = document.querySelector(".toasts");
  if (!corner || !text) return;
  const toast = document.createElement("div");
  toast.className = "alert alert-success";
  toast.setAttribute("role", "status");
  toast.textContent = text;
  corner.append(toast);
  window.setTimeout(() => toast.remove(), 4000);
}
