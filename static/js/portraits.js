// A photo that cannot be shown leaves the initial behind it in view.
function hideIfBroken(image) {
  if (image.complete && !image.naturalWidth) image.hidden = true;
}

addEventListener("error", (event) => {
  if (event.target instanceof HTMLImageElement) hideIfBroken(event.target);
}, true);

document.querySelectorAll(".portrait img").forEach(hideIfBroken);
