// Reads codes with the camera. Three readers, the first that can: the browser's own (`BarcodeDetector`), ours for
// Code 128 (code128.js), and the server's, which a frame is sent to when ours has found nothing for a while.
// What is read goes where a scanner's keys would go (scan.js), as a `camera-scan` event.
//
//   data-camera-scan="dialog id"   the button; the dialog says the rest:
//   data-camera-stay               goes on after a code, for lists
//   data-reader, data-decoder      where our reader lies, and where frames are decoded

const FORMATS = ["code_128", "qr_code", "data_matrix", "ean_13"];
const LOOK_EVERY_MS = 90;
const SERVER_AFTER_MS = 1500; // a hand needs about so long to hold a label still
const SERVER_EVERY_MS = 1000;
const SAME_CODE_MS = 2500; // a label that is still before the camera is not read twice
const WIDEST = 1280; // pixels of a frame: a 0.25 mm bar fills two of them at arm's length
const JPEG_QUALITY = 0.85;

/** The browser's own reader as `(canvas) => code or null`; null where there is none, or one that knows no formats. */
async function ownReader() {
  if (!("BarcodeDetector" in window)) return null;
  const known = await BarcodeDetector.getSupportedFormats().catch(() => []);
  const formats = FORMATS.filter((format) => known.includes(format));
  if (!formats.includes("code_128")) return null;
  const detector = new BarcodeDetector({ formats });
  return async (canvas) => (await detector.detect(canvas))[0]?.rawValue ?? null;
}

async function ourReader(address) {
  const { readCode128 } = await import(address);
  return async (canvas) => {
    const pen = canvas.getContext("2d");
    return readCode128(pen.getImageData(0, 0, canvas.width, canvas.height));
  };
}

/** Let the server read a frame; null when it finds nothing or cannot be reached. */
async function askServer(canvas, dialog) {
  const frame = await new Promise((done) => {
    canvas.toBlob(done, "image/jpeg", JPEG_QUALITY);
  });
  const headers = { "Content-Type": "image/jpeg", "X-CSRFToken": dialog.dataset.csrf };
  const answer = await fetch(dialog.dataset.decoder, { method: "POST", body: frame, headers }).catch(() => null);
  if (!answer?.ok) return null;
  return (await answer.json()).codes[0]?.text ?? null;
}

function takeFrame(video, canvas) {
  const scale = Math.min(1, WIDEST / video.videoWidth);
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(video, 0, 0, canvas.width, canvas.height);
}

function tell(dialog, name, code = "") {
  const texts = dialog.querySelectorAll("[data-camera-says]");
  for (const text of texts) text.hidden = text.dataset.cameraSays !== name;
  if (code) dialog.querySelector("[data-camera-code]").textContent = code;
}

/** Open the camera, or say why it stays dark. */
async function openCamera(dialog, video) {
  if (!navigator.mediaDevices?.getUserMedia) {
    tell(dialog, "insecure");
    return null;
  }
  try {
    const wanted = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };
    const stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
    video.srcObject = stream;
    await video.play();
    return stream;
  } catch (error) {
    tell(dialog, error.name === "NotAllowedError" ? "forbidden" : "missing");
    return null;
  }
}

async function readFrames(dialog, video, isOpen) {
  const read = (await ownReader()) ?? (await ourReader(dialog.dataset.reader));
  const canvas = document.createElement("canvas");
  let last = { code: "", at: -Infinity };
  let foundAt = performance.now();
  let askedAt = foundAt;
  while (isOpen()) {
    let code = null;
    if (video.videoWidth) {
      takeFrame(video, canvas);
      code = await read(canvas);
      const now = performance.now();
      if (!code && now - foundAt > SERVER_AFTER_MS && now - askedAt > SERVER_EVERY_MS) {
        code = await askServer(canvas, dialog);
        askedAt = performance.now();
      }
    }
    const now = performance.now();
    const isNew = code && (code !== last.code || now - last.at > SAME_CODE_MS);
    if (code) {
      last = { code, at: now };
      foundAt = now;
    }
    if (isNew && isOpen()) {
      tell(dialog, "read", code);
      if (!("cameraStay" in dialog.dataset)) dialog.close();
      document.dispatchEvent(new CustomEvent("camera-scan", { detail: { code } }));
    }
    await new Promise((done) => {
      setTimeout(done, LOOK_EVERY_MS);
    });
  }
}

async function showCamera(dialog) {
  const video = dialog.querySelector("video");
  let stream = null;
  let isOpen = true;
  const stop = () => {
    isOpen = false;
    stream?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  };
  dialog.addEventListener("close", stop, { once: true });
  tell(dialog, "look");
  dialog.showModal();
  stream = await openCamera(dialog, video);
  video.hidden = !stream;
  if (!stream) return;
  if (isOpen) await readFrames(dialog, video, () => isOpen);
  else stop();
}

for (const button of document.querySelectorAll("[data-camera-scan]")) {
  button.hidden = false;
  button.addEventListener("click", () => showCamera(document.getElementById(button.dataset.cameraScan)));
}
