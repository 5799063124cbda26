// A form that came with a live update has no token against forgery, as it was made for everybody.
// It gets the page's own.
const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");

export const token = headers["X-CSRFToken"] ?? "";

document.addEventListener("hall:live", (event) => {
  for (const form of event.target.querySelectorAll("form[method=post]")) {
    if (form.elements.csrfmiddlewaretoken) continue;
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "csrfmiddlewaretoken", value: token });
    form.append(field);
  }
});
