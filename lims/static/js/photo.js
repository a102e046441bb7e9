// Shows chosen files at once and sends the SHA-256 of each along, so that the server can tell a damaged upload.
// Previews are drawn on a canvas: the content policy allows no blob: addresses.

async function sha256(file) {
  // Browsers offer digests on https and localhost only; elsewhere the server's own digest has to do.
  if (!globalThis.crypto?.subtle) return null;
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function preview(file) {
  const canvas = document.createElement("canvas");
  canvas.width = 320;
  canvas.height = 240;
  if (!file.type.startsWith("image/")) return canvas;
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.max(canvas.width / picture.width, canvas.height / picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    canvas
      .getContext("2d")
      .drawImage(picture, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
    picture.close();
  } catch {
    // A format this browser cannot decode (HEIC) is sent all the same.
  }
  return canvas;
}

function sizeOf(bytes) {
  const mebibytes = bytes / 1048576;
  return mebibytes >= 1 ? `${mebibytes.toFixed(1)} MB` : `${Math.ceil(bytes / 1024)} KB`;
}

async function show(input) {
  const box = input.closest("[data-drop-field]");
  const shots = box.querySelector("[data-shots]");
  const round = String(Number(shots.dataset.round ?? 0) + 1);
  shots.dataset.round = round;
  const figures = await Promise.all(
    Array.from(input.files, async (file) => {
      const [canvas, digest] = await Promise.all([preview(file), sha256(file)]);
      const figure = document.createElement("figure");
      figure.className = "shot";
      canvas.setAttribute("aria-hidden", "true");
      const caption = document.createElement("figcaption");
      caption.textContent = `${file.name} · ${sizeOf(file.size)}`;
      if (digest) {
        const code = document.createElement("code");
        code.textContent = digest.slice(0, 16);
        code.title = digest;
        caption.append(code);
        const hidden = document.createElement("input");
        hidden.type = "hidden";
        hidden.name = `${input.name}_sha256`;
        hidden.value = digest;
        figure.append(hidden);
      }
      figure.append(canvas, caption);
      return figure;
    }),
  );
  // A later choice may have overtaken this one while its pictures were read.
  if (shots.dataset.round === round) shots.replaceChildren(...figures);
}

for (const input of document.querySelectorAll("input[type=file][data-photo]")) {
  const drop = input.closest("[data-drop]");
  input.addEventListener("change", () => show(input));
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, () => drop.classList.add("drop--over"));
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, () => drop.classList.remove("drop--over"));
  }
}
