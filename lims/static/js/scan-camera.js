// Reads codes with the camera where the browser can (`BarcodeDetector`); elsewhere its button stays hidden.
// A code found is put into the field and handled as if a scanner had typed it.

const FORMATS = ["code_128", "qr_code", "data_matrix", "ean_13"];

function showCamera(target) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog dialog--l";
  const video = document.createElement("video");
  video.className = "camera";
  video.playsInline = true;
  video.muted = true;
  dialog.append(video);
  document.body.append(dialog);
  dialog.showModal();
  let stream = null;
  let isOpen = true;
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    isOpen = false;
    stream?.getTracks().forEach((track) => track.stop());
    dialog.remove();
  });
  const look = async (detector) => {
    if (!isOpen) return;
    const [found] = await detector.detect(video);
    if (found) {
      dialog.close();
      target.value = found.rawValue;
      target.dispatchEvent(new Event("input", { bubbles: true }));
      if ("scanSubmit" in target.dataset) target.form?.requestSubmit();
      return;
    }
    setTimeout(() => look(detector), 120);
  };
  navigator.mediaDevices
    .getUserMedia({ video: { facingMode: "environment" } })
    .then(async (opened) => {
      stream = opened;
      video.srcObject = opened;
      await video.play();
      await look(new BarcodeDetector({ formats: FORMATS }));
    })
    .catch(() => dialog.close());
}

if ("BarcodeDetector" in window && navigator.mediaDevices) {
  for (const button of document.querySelectorAll("[data-camera-scan]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      showCamera(document.getElementById(button.dataset.cameraScan));
    });
  }
}
