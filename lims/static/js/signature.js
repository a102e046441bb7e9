// A signature on the screen: pen, finger or mouse; or the name typed, for who cannot draw. Writes a PNG into the form.

const INK = "#13211f";

function attach(box) {
  const canvas = box.querySelector("canvas");
  const image = box.querySelector("[data-signature-image]");
  const kind = box.querySelector("[data-signature-kind]");
  const typed = box.querySelector("[data-signature-typed]");
  const pen = canvas.getContext("2d");
  let last = null;

  const place = (event) => {
    const edge = canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - edge.left) * canvas.width) / edge.width,
      y: ((event.clientY - edge.top) * canvas.height) / edge.height,
    };
  };
  const wipe = () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    image.value = "";
    kind.value = "drawn";
  };
  const keep = () => {
    image.value = canvas.toDataURL("image/png");
    image.dispatchEvent(new Event("input", { bubbles: true }));
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (kind.value === "typed") {
      wipe();
      typed.value = "";
    }
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    pen.strokeStyle = INK;
    pen.lineCap = "round";
    pen.lineJoin = "round";
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const points = event.getCoalescedEvents?.() ?? [];
    for (const moment of points.length > 0 ? points : [event]) {
      const next = place(moment);
      pen.lineWidth = event.pointerType === "pen" ? 2 + 5 * moment.pressure : 5;
      pen.beginPath();
      pen.moveTo(last.x, last.y);
      pen.lineTo(next.x, next.y);
      pen.stroke();
      last = next;
    }
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, () => {
      if (!last) return;
      last = null;
      keep();
    });
  }

  typed.addEventListener("input", () => {
    wipe();
    const name = typed.value.trim();
    if (!name) return;
    kind.value = "typed";
    const size = Math.min(150, (canvas.width * 0.8) / Math.max(name.length, 2));
    pen.fillStyle = INK;
    pen.textAlign = "center";
    pen.textBaseline = "alphabetic";
    pen.font = `italic ${size}px "Kaiti SC", KaiTi, STKaiti, "Segoe Script", cursive`;
    pen.fillText(name, canvas.width / 2, canvas.height * 0.72);
    keep();
  });
  box.querySelector("[data-signature-clear]").addEventListener("click", () => {
    typed.value = "";
    wipe();
  });
}

for (const box of document.querySelectorAll("[data-signature]")) attach(box);
